# Why something is not done for whoever asked.
gate-session =
    .none = 🔑 <b>You have no session yet.</b> Start one, and I can serve you.
    .expired = ⌛️ <b>Your session has expired.</b> Your settings are kept: start again to go on.
    .terminated = 🚪 <b>You are logged out.</b> Your settings are kept: start again to go on.
gate-session-tap =
    .none = You have no session yet. Press “Start again” below the message.
    .expired = Your session has expired. Press “Start again” below the message.
    .terminated = You are logged out. Press “Start again” below the message.
    .group = You have no session with me. Open a private chat with me and press Start there.
gate-unknown-command = 🤔 I do not know this command. /help lists those I do.
gate-not-a-command = I understand commands and buttons. /help lists them.
gate-private-button = Open a private chat
gate-too-fast = 🐢 <b>Slow down, please.</b> Your plan has { $perMinute } commands a minute; I leave the rest unanswered. Go on in { $seconds } s.
gate-trouble = ⚠️ Something I need does not answer right now. Please try again in a minute.
gate-tier = 🔒 <b>Your plan ({ $tier }) does not include this.</b> These do: { $tiers }. An admin can change your plan: tell them your id, <code>{ $id }</code>.
gate-beta = 🧪 <b>This is being tried out by a few.</b> An admin can give you access: tell them your id, <code>{ $id }</code>.
gate-place-private = 🔒 <b>This is between the two of us.</b> Use it in a private chat with me.
gate-place-group = 👥 <b>This belongs to a group.</b> Use it in a group that I am a member of.
# The same as answers to taps: plain text, at most 200 characters.
gate-tap-too-fast = Slow down, please: go on in { $seconds } s.
gate-tap-tier = Your plan ({ $tier }) does not include this. These do: { $tiers }. /profile says more.
gate-tap-beta = This is being tried out by a few. An admin can give you access: your id is { $id }.
gate-tap-place-private = This is between the two of us: use it in a private chat with me.
gate-tap-place-group = This belongs to a group: use it in a group that I am a member of.
