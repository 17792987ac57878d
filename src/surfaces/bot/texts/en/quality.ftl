# Answers to the buttons under a card: taking, feedback, dismissing.
quality-feedback = Noted already.
    .useful = Thanks: noted as useful.
    .not_useful = Noted as not useful. /preferences narrows what you are sent.
    .too_late = Noted as too late.
quality-dismissed = Dismissed.
quality-dismissed-card = 🗑 Dismissed: { $name }
quality-taken = Noted as taken. The steps are below.
quality-take-gone = It is gone, it lived { $lived }. Nothing to take.
quality-take-signal = A signal is no plan: there is nothing to take.
quality-take =
    ⚡️ <b>How to take it</b>
    { $steps }
    Place all orders at once, at these limits or better. If one is left open, undo the others: one leg alone is a bet.
    As last seen { $age } ago: { $worth }{ $simulated ->
        [yes] { "" }
            🧪 <b>Simulated data: there is nothing to trade</b>
       *[no] { "" }
    }
quality-take-cycle =
    ⚡️ <b>How to take it</b>
    { $steps }
    Place them in this order, each at its limit or better. If one does not fill, stop and go back the way you came.
    As last seen { $age } ago: { $worth }{ $simulated ->
        [yes] { "" }
            🧪 <b>Simulated data: there is nothing to trade</b>
       *[no] { "" }
    }
