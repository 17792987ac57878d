# /export and /forget.
privacy-export =
    📦 <b>Everything I hold of you</b>: { $rows ->
        [one] one row
       *[other] { $rows } rows
    } of { $tables ->
        [one] one table
       *[other] { $tables } tables
    }, as they are stored. Secrets of your exchange keys are not in it: they are never shown again.
privacy-left-out = Secrets of exchange keys, codes and session tokens are never shown again, not even to you.
privacy-forget-text =
    🗑 <b>Erase everything I hold of you?</b>
    Your session, settings, keys, alerts, channels and the history of what you were sent are gone at once and for good. Groups you registered stop. /export gives you a copy first.
    <i>What stays: entries of the audit log under a random number, and statistics that nobody can link to you any more.</i>
privacy-forget-yes = 🗑 Yes, erase everything
privacy-forget-no = No, keep it
privacy-kept = Nothing was erased.
privacy-forgotten-answer = Everything is erased.
privacy-forgotten = 🗑 <b>Everything I held of you is erased.</b> Nothing more will be sent. Delete this chat to remove the messages on your side; /start begins anew, as a stranger.
