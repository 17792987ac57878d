# /start, and what every session is told.
start-welcome = 👋 <b>Welcome to ArbEdge{ $name }!</b>
    I watch exchanges and send you the few arbitrage opportunities that fit you.
start-welcome-back = 👋 <b>Welcome back{ $name }!</b>
    Your settings are as you left them.
start-active = ✅ <b>Your session is active already.</b>
start-until = It lasts until <b>{ $until }</b> and is extended whenever you use me.
start-next = /opportunities shows what is open now, /help the rest.
start-consent = <i>By starting you agree to be sent messages. /logout or blocking me stops them at once.</i>
start-button = Start again
