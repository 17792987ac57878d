# /alerts.
alerts-title = ⏰ <b>Your price alerts</b> ({ $count } of { $limit })
alerts-none = ⏰ <b>You have no price alerts.</b> Your plan allows { $limit ->
        [one] one.
       *[other] { $limit }.
    }
alerts-line = • { $alert }
    .repeats = • { $alert }, again and again
alerts-usage = Make one: <code>/alerts BTC/USDT &gt; 70000</code>, on one exchange <code>/alerts kraken:BTC/USDT &lt; 60000</code>; with <code>repeat</code> behind it does not end at the first time.
alerts-deleted = Deleted: { $alert }
alerts-made = ⏰ <b>I will tell you: { $alert }</b>
alerts-now = The price is { $price } now.
    .beyond = The price is { $price } now, beyond it already: it has to come back before it can cross.
    .unknown = No fresh price is known right now; I watch from the next one on.
alerts-how = Once. /alerts lists and deletes.
    .repeats = Again each time the price has gone back by 0.2% and crosses anew. /alerts lists and deletes.
alerts-known = ⏰ You have this alert already: { $alert }
alerts-too-many = 🔒 <b>Your plan ({ $tier }) allows { $limit ->
        [one] one price alert
       *[other] { $limit } price alerts
    } at a time.</b> Delete one in /alerts.
alerts-unknown = 🤔 <b>I do not follow { $name }.</b> Followed: { $markets }
alerts-wrong =
    .form = 🤔 <b>I cannot read this as an alert.</b> Write it like <code>/alerts BTC/USDT &gt; 70000</code> or <code>/alerts kraken:BTC/USDT &lt; 60000 repeat</code>.
    .instrument = 🤔 <b>This is no pair.</b> Write one like BTC/USDT, or BTC/USDT:USDT for its perpetual: <code>/alerts BTC/USDT &gt; 70000</code>.
    .price = 🤔 <b>This is no price.</b> Write a figure above 0: <code>/alerts BTC/USDT &gt; 70000.5</code>.
