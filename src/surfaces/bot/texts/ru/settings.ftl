# /settings: где всё меняется.
settings-title = ⚙️ <b>Ваши настройки</b>
settings-button =
    .groups = 👥 Группы ›
    .language = 🌐 Язык
    .country = 🗺 Страна
    .zone = 🕑 Часовой пояс
    .preferences = 🎯 Возможности
    .notifications = 🔔 Уведомления
    .keys = 🔑 Ключи бирж
    .setup = 🧭 Чего не хватает
settings-group = ⚙️ Ваши личные настройки только между нами: /settings в личном чате со мной. Настройки группы: /group.
