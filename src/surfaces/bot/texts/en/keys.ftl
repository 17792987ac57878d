# /keys and the dialogue that it leads to.
keys-title = 🔑 <b>Your exchange keys</b>
keys-count =
    { $keys ->
        [0] You have entrusted none. Without one you follow opportunities in paper mode; a key that only reads lets me see what you could trade.
        [one] One key. Tap it to see, check or remove it.
       *[other] { $keys } keys. Tap one to see, check or remove it.
    }
keys-add-button = ➕ Add a key
keys-check-button = 🔄 Check again
keys-remove-button = 🗑 Remove
keys-remove-yes = 🗑 Yes, remove it
keys-remove-no = No, keep it
keys-remove-text = 🗑 <b>Remove { $venue } { $label }?</b> I forget it at once. On the exchange it goes on working until you delete it there.
keys-removed = Removed.
keys-gone = 🤷 <b>There is no such key any more.</b> /keys shows those there are.
keys-closed = ⚠️ <b>I cannot open this key.</b> It was sealed by a master key that this server does not have now, or it was removed. Please tell the operator, or remove it in /keys and add it again.
keys-no-master = ⚠️ No keys can be added here: the operator has not set up what seals them.
keys-venue-text = 🔑 <b>Of which exchange is the key?</b>
keys-unsupported = 🤷 <b>I cannot use keys of { $venue }</b>: { $detail }. /keys leads to the other exchanges.
keys-guidance =
    🔑 <b>A key of { $venue }</b>
    Make a new key for me on the exchange's API page:
    1. Let it <b>read only</b>. To place orders one day it may also trade.
    2. <b>Never allow withdrawals</b>: I refuse such keys.
    3. Restrict it to the <b>IP address</b> of the server I run on; the operator knows it.
    Each message with a part of the key is deleted as soon as I have read it.
keys-ask =
    .apiKey = ✏️ <b>Send the API key</b> of { $venue }. Any command takes the question back.
    .secret = ✏️ <b>Now the secret</b> of the { $venue } key. I delete your message at once.
    .passphrase = ✏️ <b>And the passphrase</b> you chose for the { $venue } key.
keys-cannot-ask = ⚠️ <b>I cannot take a key right now.</b> Nothing was kept; please try /keys again in a minute.
keys-delete-yourself = ⚠️ <b>I could not delete your message with the key.</b> Please delete it yourself, for both of us, right now.
keys-no-part = 🤔 <b>That cannot be a part of a key.</b> Send it as text, as the exchange shows it; any command takes the question back.
keys-start-over = ⚠️ <b>I lost what you had sent so far</b>, so nothing was kept. Please begin again: /keys
keys-stored = 🔒 <b>Sealed and stored.</b> Now I ask { $venue } what the key may do…
keys-not-added =
    .too_many = 🤷 <b>You have as many keys as I keep for one person.</b> Remove one in /keys first.
    .label_taken = 🤷 <b>There is a key of that name already.</b> Please try again: /keys
    .too_long = 🤔 <b>That is longer than the keys of any exchange.</b> Please begin again: /keys
    .gone = ⚠️ <b>The key was removed meanwhile.</b> Please begin again: /keys
keys-name = 🔑 <b>{ $venue } { $label }</b>
keys-state =
    .unchecked = ⏳ Not checked yet: the exchange has not said anything about it.
    .usable = ✅ Usable
    .refused = ⛔ Refused: I have destroyed the copy I had.
    .failing = ⚠️ The exchange does not take it now.
keys-rights = Reading: { $read } · trading: { $trade } · withdrawing: { $withdraw } · bound to IP addresses: { $ip }
keys-right =
    .yes = yes
    .no = no
    .unknown = the exchange does not say
keys-use =
    .trade = I use it to see what you have, and for orders that you place.
    .read = I use it only to see what you have, never for orders.
keys-bind-ip = 💡 It works from every address: restrict it to the server's on the exchange.
keys-refused =
    .may_withdraw = It may withdraw funds. Delete it on the exchange, make one that may not, and add that: /keys
    .may_not_read = It may not even read your account. Allow reading on the exchange, and add it again: /keys
keys-error =
    .failing = What the exchange said: { $detail }. Look whether the key is still there, complete, and allowed from this server's address.
    .unanswered = The last check came to nothing: { $detail }. Try again later in /keys.
keys-checked = Checked { $at }
keys-checking = Asking the exchange…
