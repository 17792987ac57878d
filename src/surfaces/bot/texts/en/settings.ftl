# /settings: where everything is changed.
settings-title = ⚙️ <b>Your settings</b>
settings-button =
    .groups = 👥 Groups ›
    .language = 🌐 Language
    .country = 🗺 Country
    .zone = 🕑 Time zone
    .preferences = 🎯 Opportunities
    .notifications = 🔔 Notifications
    .keys = 🔑 Exchange keys
    .setup = 🧭 What is missing
settings-group = ⚙️ My settings for you are between the two of us: /settings in a private chat. This group's are in /group.
