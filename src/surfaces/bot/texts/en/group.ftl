# Groups and broadcast channels: registering them, their settings, and what their registrar is told.
group-hello = 👋 <b>I tell of arbitrage opportunities.</b> An admin of this group who has a session with me can have them sent here: open a private chat with me, press Start, then use /group here.
group-registered = ✅ <b>{ $title } is registered.</b> Your plan counts for it, and its limits here are twice yours. Admins change what is sent here below; /group shows it again.
group-admins-only = Only admins of this group can do that.
group-admins-only-text = 🔒 <b>Only admins of this group can do that.</b> If you are an admin, use /group as yourself and not anonymously.
group-unknown = 🤔 <b>This group is not registered.</b> An admin registers it with /group.
group-title =
    .group = 👥 <b>{ $title }</b>
    .channel = 📣 <b>{ $title }</b>
group-state =
    .active = 🟢 Opportunities are sent here.
    .by_admin = ⏸ Paused by an admin.
    .registrar_rights = ⏸ Paused: whoever registered it is no longer an admin here. Another admin can resume it.
    .bot_rights = ⏸ Paused: I may not write here. Give me that right, then resume.
    .bot_removed = ⚪️ I was removed. Add me again, then resume.
group-types = • kinds: { $types }
group-limits = • at most { $perHour } an hour, { NUMBER($perDay, useGrouping: 0) } a day
group-net = • from { $bps } bps net
    .any = • whatever they earn
group-hours = • { $hours }, { $zone }
    .always = • around the clock
group-topic = • in the topic where /group was used last
group-types-button = Kinds ›
group-limits-button = Limits ›
group-hours-button = Hours ›
group-language =
    .en = 🌐 English
    .ru = 🌐 Русский
group-net-button = { $bps } bps
group-net-hint = The least net profit, in basis points. The buttons beside change it.
group-figures-button = 📊 Figures ›
group-pause = ⏸ Pause
group-resume = ▶️ Resume
group-paused = Paused: nothing is sent here.
group-resumed = Resumed. From now on your session and your plan count.
group-types-text = <b>{ $title }</b>: kinds of opportunity
    Those of the plan that it was registered with. Tap a kind to want it or not.
group-limits-text = <b>{ $title }</b>: limits
    Now { $perHour } an hour and { NUMBER($perDay, useGrouping: 0) } a day; the plan admits { $mostHour } and { NUMBER($mostDay, useGrouping: 0) } here. First the figures an hour, then a day.
group-hours-text = <b>{ $title }</b>: hours
    Opportunities are sent { $hours } by the clock of { $zone }.
    .always = <b>{ $title }</b>: hours
    Opportunities are sent around the clock. Days are counted by the clock of { $zone }.
group-hours-from = From { $by }
group-hours-to = To { $by }
group-hours-always = Always
group-zone = By my clock: { $zone }
group-figures-title = 📊 <b>{ $title }</b>
group-figures-days = <b>{ $days } days</b>
group-figures-none = Nothing was sent.
group-figures =
    { $sent ->
        [one] One opportunity
       *[other] { $sent } opportunities
    } sent, buttons tapped under { $engaged } ({ $percent }%).
group-figures-pairs = Most often: { $pairs }
group-figures-note = Telegram does not tell bots who reads: taps are what can be counted.
group-channel-ask = 📣 <b>Shall I post opportunities in “{ $title }”?</b> Your plan counts for it, and its limits there are twice yours.
group-channel-yes = ✅ Post them
group-channel-no = No
group-channel-cannot = I may not post there. Make me an admin of the channel who may post messages, then tap again.
group-channel-done = Done: opportunities are posted there from now on.
group-told =
    .registrar_rights = ⏸ <b>“{ $title }” is paused:</b> you are no longer an admin there. Another admin can resume it with /group.
    .bot_rights = ⏸ <b>“{ $title }” is paused:</b> I may not write there any more. Give me that right again, then resume it with /group.
    .bot_removed = ⚪️ <b>I was removed from “{ $title }”:</b> nothing is sent there. Its settings are kept for when I am added again.
group-told-channel =
    .registrar_rights = ⏸ <b>Posts in “{ $title }” are paused:</b> you are no longer an admin there. Another admin can remove me and add me again.
    .bot_rights = ⏸ <b>Posts in “{ $title }” are paused:</b> I may not write there any more. When I am given that right again, I ask whoever gives it.
    .bot_removed = ⚪️ <b>I was removed from “{ $title }”:</b> nothing is posted there. Its settings are kept for when I am added again.
group-list = 👥 <b>Your groups and channels</b>
    Those that you registered. Tap one to change what is sent there.
    .none = 👥 <b>You have registered no group or channel.</b> Add me to one where you are an admin; a channel needs me as an admin who may post.
group-add-button = ➕ Add me to a group
