# /setup: что настроено и чего не хватает.
setup-title =
    { $missing ->
        [0] 🧭 <b>Всё нужное настроено.</b>
        [one] 🧭 <b>Не хватает { $missing } настройки.</b> Кнопка для неё ниже.
       *[other] 🧭 <b>Не хватает { $missing } настроек.</b> Кнопки для них ниже.
    }
setup-session = Сессия есть: мне можно вам писать.
setup-country =
    .done = Страна: { $value }
    .missing = <b>Страна</b>: не указана, и я не знаю, какие биржи вас обслуживают
    .optional = Страна: { $value }
setup-zone =
    .done = Часовой пояс: { $value }
    .missing = <b>Часовой пояс</b>: неизвестен, и ваш день может оказаться ночью: пока { $value }
    .optional = Часовой пояс: { $value }
setup-wishes =
    .done = О чём сообщать: выбрано
    .missing = <b>О чём сообщать</b>: не выбрано{ $value }
    .optional = О чём сообщать: по умолчанию{ $value }
setup-push =
    .done = Уведомления: включены, не больше { $value }
    .missing = <b>Уведомления</b>: выключены, и вы видите только то, о чём спросите
    .optional = Уведомления: { $value }
setup-limits = { $perHour } в час и { $perDay } в день
setup-keys =
    .done = Ключи бирж: { $value }
    .missing = <b>Ключи бирж</b>: ни одним сейчас нельзя пользоваться{ $value }
    .optional = Ключи бирж: нет. Они нужны, только чтобы торговать отсюда{ $value }
setup-fix =
    .country = 🗺 Указать страну
    .zone = 🕑 Часовой пояс
    .wishes = 🎯 Выбрать, что нужно
    .push = 🔔 Включить
    .keys = 🔑 Ключи бирж
setup-unfinished = Пошаговая настройка не закончена.
setup-resume = 🧭 Продолжить настройку
setup-settings = ⚙️ Все настройки
