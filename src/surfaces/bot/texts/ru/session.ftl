# /session and /logout, and what a user is sent.
session-state = ✅ <b>Сессия активна</b>
    • начата { $started }
    • действует до { $until } (осталось { $left }), продлевается при каждом обращении
session-logged-out = 🚪 <b>Вы вышли.</b> Больше вам ничего не пришлют. Настройки сохранены.
session-sent-on = 🔔 <b>Вам присылают</b>
session-sent-off = 🔕 <b>Сейчас вам ничего не присылают</b>
session-sent-types = • виды: { $types }
    .urgent = • виды: { $types }, только с высоким приоритетом
session-sent-net = • от { $bps } bps чистыми
session-sent-venues = • биржи: { $venues }
session-sent-pairs = • пары: { $pairs }
    .but = • пары: { $pairs }, кроме { $muted }
session-sent-limits = • не больше { $perHour } в час и { $perDay } в день
session-sent-hours = • с { $from }:00 до { $to }:00 ({ $timeZone })
    .always = • круглосуточно
session-sent-all = все
