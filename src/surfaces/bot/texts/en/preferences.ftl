# /preferences and the dialogues that it leads to.
preferences-title = ⚙️ <b>The opportunities you want</b>
preferences-types = • kinds: { $types }
    .none = • kinds: none that your plan includes
preferences-net = • from { $bps } bps net
    .any = • whatever they earn
preferences-risk =
    .low = • risk: low
    .medium = • risk: medium
    .high = • risk: high
preferences-urgent = • high priority only
preferences-venues = • exchanges: { $venues }
preferences-pairs = • assets and pairs: { $pairs }
preferences-muted = • muted: { $pairs }
preferences-all = all
preferences-types-button = Kinds ›
preferences-venues-button = Exchanges ›
preferences-pairs-button = Pairs ›
preferences-net-button = ✏️ { $bps } bps
preferences-risk-button =
    .low = Low risk
    .medium = Medium
    .high = High
preferences-urgent-button = High priority only
preferences-to-notifications = 🔔 Notifications ›
preferences-net-bound = It stays at { $bps } bps: it cannot go further.
preferences-net-ask = ✏️ <b>From how many basis points net shall I tell you?</b> Write a figure from 0 to { NUMBER($most, useGrouping: 0) }, such as 12.5. One basis point is a hundredth of a percent.
preferences-net-wrong = 🤔 <b>That is no such figure.</b> Write one from 0 to { NUMBER($most, useGrouping: 0) }, such as 12.5; any command takes the question back.
preferences-net-set = ✅ From now on you are told from <b>{ $bps } bps</b> net. /preferences shows it all.
preferences-cannot-ask = ⚠️ <b>I cannot take a written answer right now.</b> The buttons still work; please try again in a minute.
preferences-types-text = ⚙️ <b>Kinds of opportunity</b>
    Your plan: { $tier }. Tap a kind to want it or not; 🔒 is not in your plan.
preferences-types-locked = Your plan ({ $tier }) does not include this kind. These do: { $tiers }.
preferences-types-last = One kind has to stay. To be sent nothing, turn notifications off in /notifications.
preferences-venues-text = ⚙️ <b>Exchanges</b>
    You are told of an opportunity when all of its exchanges are ticked.
preferences-venues-all = All exchanges
preferences-venues-last = One exchange has to stay. “All exchanges” brings them all back.
preferences-pairs-text = ⚙️ <b>Assets and pairs</b>
    { $wanted ->
        [0] You are told of all
        [one] You are told of one
       *[other] You are told of { $wanted }
    }{ $muted ->
        [0] .
        [one] , and one is muted (🔇).
       *[other] , and { $muted } are muted (🔇).
    } Tap one to take it away.
preferences-pairs-write = ✏️ Write assets or pairs
preferences-pairs-all = All pairs
preferences-pairs-ask = ✏️ <b>Which assets or pairs do you want?</b> Write them with commas or blanks between, such as <code>BTC, ETH/USDT</code>.
preferences-pairs-wrong = 🤔 <b>I cannot read “{ $word }” as an asset or a pair.</b> Write them like <code>BTC, ETH/USDT</code>; any command takes the question back.
preferences-pairs-many =
    { $most ->
        [one] 🤔 <b>That would be more than one.</b>
       *[other] 🤔 <b>That would be more than { $most }.</b>
    } Write fewer, or take some away in /preferences.
preferences-pairs-set = ✅ From now on you are told of <b>{ $pairs }</b>. /preferences shows it all.
