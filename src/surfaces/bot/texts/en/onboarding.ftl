# The guided setup, from the first /start to being ready.
onboarding-step = 🧭 <b>Setup, { $at } of { $of }</b>
onboarding-skip = Skip
onboarding-skip-rest = Use defaults for the rest
    .all = ⚡️ Use defaults, start now
onboarding-next = Next ›
onboarding-skipped = Left as it was.
onboarding-language = <b>Which language shall I speak?</b>
onboarding-country = <b>Where do you live?</b>
    Some exchanges do not serve every country. I use it for that and for your time zone, nothing else.
onboarding-country-all = All countries ›
onboarding-country-index = <b>Where do you live?</b>
    Countries from A to Z:
onboarding-country-set = { $country }. Time zone: { $zone }.
onboarding-place = 📍 Use my location
onboarding-place-ask = 📍 <b>Tap “{ $button }” at the bottom of the screen.</b>
    I only keep the time zone and the country, not the place.
onboarding-place-send = 📍 Send my location
onboarding-place-refuse = No, I choose from a list
onboarding-place-set = 📍 Your time zone: <b>{ $zone }</b>. I have forgotten where you are.
onboarding-place-refused = 👌 Then choose from a list:
onboarding-place-unknown = 🤔 <b>I know no time zone for that place.</b> Choose from a list:
onboarding-place-cannot = I cannot take a location right now. Choose from the list, please.
onboarding-zone = <b>What is your time zone?</b>
    I write to you during the day only, from 8:00 to 22:00 unless you say otherwise.
onboarding-types = <b>What shall I look for?</b>
    Tap to choose; your plan is <b>{ $tier }</b>.
onboarding-type =
    .cross_exchange = <b>Cross-exchange</b>: buy on one exchange, sell on another at a higher price
    .triangular = <b>Triangular</b>: three trades on one exchange that end with more than they began
    .funding = <b>Funding rate</b>: a hedged position that is paid for being held
    .technical = <b>Technical</b>: a signal from the chart, not hedged
onboarding-type-locked = 🔒 { $type } (plans: { $tiers })
onboarding-risk = <b>How much risk is all right?</b>
    🛡 <b>Low</b>: only what is hedged at once and has proved itself often; that is little at first
    ⚖️ <b>Medium</b>: also what is new, or takes time to earn
    🔥 <b>High</b>: everything that pays
    You see what could go wrong either way, and nothing is ever traded for you unless you ask for it.
onboarding-risk-button =
    .low = 🛡 Low
    .medium = ⚖️ Medium
    .high = 🔥 High
onboarding-venues = <b>Where do you trade?</b>
    I only tell you of opportunities whose exchanges are all ticked. Without a choice: of all.
    { $blocked ->
        [0] { "" }
       *[other] ⛔️ says that it does not serve your country.
    }
onboarding-venues-all = All of them
onboarding-limits = <b>How often may I write to you?</b>
    The best come first. Your plan is <b>{ $tier }</b>; this is what the plans include:
onboarding-limits-button =
    .few = 🔈 Few: { $perHour } an hour, { $perDay } a day
    .some = 🔉 Some: { $perHour } an hour, { $perDay } a day
    .all = 🔊 All my plan has: { $perHour } an hour, { $perDay } a day
onboarding-plans-head =
    .plan = plan
    .hour = /h
    .day = /day
    .kinds = kinds
    .yours = ← you
onboarding-upgrade = ⬆️ A higher plan
onboarding-upgrade-how = An admin of this service can change your plan: tell them your id, { $id }. It takes effect at once.
onboarding-ready = ✅ <b>You are ready{ $name }!</b>
onboarding-summary = • language: { $language }
    • country: { $country }
    • time: { $zone }
    • kinds: { $types }
    • risk: { $risk }
    • exchanges: { $venues }
    • at most { $perHour } an hour and { $perDay } a day
onboarding-ready-next = 🔎 I am watching. /opportunities shows what is open now.
    🔑 To trade here later, connect an exchange. To be told, you do not need to.
onboarding-ready-keys = 🔑 How to connect an exchange
onboarding-ready-settings = ⚙️ Change something
onboarding-ready-done = Done
onboarding-unknown-country = not said
onboarding-all = all
onboarding-risk-name =
    .low = low
    .medium = medium
    .high = high
