# What all menus say.
menu-outdated = Это меню с тех пор изменилось. Вот как оно выглядит сейчас.
menu-back = ‹ Назад
menu-close = Закрыть
