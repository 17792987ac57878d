# What all menus say.
menu-outdated = This menu has changed since. This is how it stands now.
menu-back = ‹ Back
menu-close = Close
