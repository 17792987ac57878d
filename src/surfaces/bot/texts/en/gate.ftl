# Why something is not done for whoever asked.
gate-session =
    .none = 🔑 <b>You have no session yet.</b> Start one, and I can serve you.
    .expired = ⌛️ <b>Your session has expired.</b> Your settings are kept: start again to go on.
    .terminated = 🚪 <b>You are logged out.</b> Your settings are kept: start again to go on.
gate-session-tap =
    .none = You have no session yet. Press “Start again” below the message.
    .expired = Your session has expired. Press “Start again” below the message.
    .terminated = You are logged out. Press “Start again” below the message.
gate-unknown-command = 🤔 I do not know this command. /help lists those I do.
gate-not-a-command = I understand commands and buttons. /help lists them.
gate-groups = 👥 I serve people, not groups, for now. Open a private chat with me and press Start there.
gate-private-button = Open a private chat
gate-trouble = ⚠️ Something I need does not answer right now. Please try again in a minute.
