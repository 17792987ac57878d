# /setup: what is set up and what is missing.
setup-title =
    { $missing ->
        [0] 🧭 <b>Everything you need is set up.</b>
        [one] 🧭 <b>One thing is missing.</b> Its button is below.
       *[other] 🧭 <b>{ $missing } things are missing.</b> Their buttons are below.
    }
setup-session = You have a session: I may write to you.
setup-country =
    .done = Country: { $value }
    .missing = <b>Country</b>: not said, so I cannot tell which exchanges serve you
    .optional = Country: { $value }
setup-zone =
    .done = Time zone: { $value }
    .missing = <b>Time zone</b>: unknown, so your day may be night: I go by { $value }
    .optional = Time zone: { $value }
setup-wishes =
    .done = What you want to be told of: chosen
    .missing = <b>What you want to be told of</b>: not chosen{ $value }
    .optional = What you want to be told of: the defaults{ $value }
setup-push =
    .done = Notifications: on, at most { $value }
    .missing = <b>Notifications</b>: off, so you only see what you ask for
    .optional = Notifications: { $value }
setup-limits = { $perHour } an hour and { $perDay } a day
setup-keys =
    .done = Exchange keys: { $value }
    .missing = <b>Exchange keys</b>: none of them can be used now{ $value }
    .optional = Exchange keys: none. You need them only to trade from here{ $value }
setup-fix =
    .country = 🗺 Say the country
    .zone = 🕑 Set the time zone
    .wishes = 🎯 Choose what you want
    .push = 🔔 Turn them on
    .keys = 🔑 Exchange keys
setup-unfinished = The guided setup has not been finished.
setup-resume = 🧭 Go on with the setup
setup-settings = ⚙️ All settings
