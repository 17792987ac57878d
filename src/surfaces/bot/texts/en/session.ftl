# /session and /logout, and what a user is sent.
session-state = ✅ <b>Session active</b>
    • started { $started }
    • lasts until { $until } ({ $left } left), extended by every use
session-logged-out = 🚪 <b>You are logged out.</b> Nothing more will be sent to you. Your settings are kept.
session-sent-on = 🔔 <b>Sent to you</b>
session-sent-off = 🔕 <b>Nothing is sent to you now</b>
session-sent-types = • kinds: { $types }
    .urgent = • kinds: { $types }, high priority only
session-sent-net = • from { $bps } bps net
session-sent-venues = • venues: { $venues }
session-sent-pairs = • pairs: { $pairs }
    .but = • pairs: { $pairs }, but not { $muted }
session-sent-limits = • at most { $perHour } an hour and { $perDay } a day
session-sent-hours = • between { $from }:00 and { $to }:00 ({ $timeZone })
    .always = • around the clock
session-sent-all = all
