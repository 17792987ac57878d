# /preferences and the dialogues that it leads to.
preferences-title = ⚙️ <b>Какие возможности вам нужны</b>
preferences-types = • виды: { $types }
    .none = • виды: ни одного из вашего тарифа
preferences-net = • от { $bps } bps чистыми
    .any = • с любой прибылью
preferences-risk =
    .low = • риск: низкий
    .medium = • риск: средний
    .high = • риск: высокий
preferences-urgent = • только с высоким приоритетом
preferences-venues = • биржи: { $venues }
preferences-pairs = • активы и пары: { $pairs }
preferences-muted = • отключены: { $pairs }
preferences-all = все
preferences-types-button = Виды ›
preferences-venues-button = Биржи ›
preferences-pairs-button = Пары ›
preferences-net-button = ✏️ { $bps } bps
preferences-risk-button =
    .low = Низкий риск
    .medium = Средний
    .high = Высокий
preferences-urgent-button = Только высокий приоритет
preferences-to-notifications = 🔔 Уведомления ›
preferences-net-bound = Остаётся { $bps } bps: дальше нельзя.
preferences-net-ask = ✏️ <b>От скольких базисных пунктов чистыми сообщать?</b> Напишите число от 0 до { NUMBER($most, useGrouping: 0) }, например 12,5. Базисный пункт — сотая доля процента.
preferences-net-wrong = 🤔 <b>Это не такое число.</b> Напишите от 0 до { NUMBER($most, useGrouping: 0) }, например 12,5; любая команда отменит вопрос.
preferences-net-set = ✅ Теперь вам сообщают от <b>{ $bps } bps</b> чистыми. Всё вместе — /preferences.
preferences-cannot-ask = ⚠️ <b>Сейчас я не могу принять письменный ответ.</b> Кнопки работают; попробуйте ещё раз через минуту.
preferences-types-text = ⚙️ <b>Виды возможностей</b>
    Ваш тариф: { $tier }. Нажмите на вид, чтобы получать его или нет; 🔒 не входит в ваш тариф.
preferences-types-locked = Ваш тариф ({ $tier }) этого вида не включает. Включают: { $tiers }.
preferences-types-last = Один вид должен остаться. Чтобы не получать ничего, выключите уведомления в /notifications.
preferences-venues-text = ⚙️ <b>Биржи</b>
    О возможности сообщают, если отмечены все её биржи.
preferences-venues-all = Все биржи
preferences-venues-last = Одна биржа должна остаться. «Все биржи» вернёт их все.
preferences-pairs-text = ⚙️ <b>Активы и пары</b>
    { $wanted ->
        [0] Вам сообщают обо всех
        [one] Вам сообщают о { $wanted } названии
       *[many] Вам сообщают о { $wanted } названиях
    }{ $muted ->
        [0] .
        [one] , и { $muted } отключено (🔇).
       *[many] , и { $muted } отключены (🔇).
    } Нажмите на название, чтобы убрать его.
preferences-pairs-write = ✏️ Написать активы или пары
preferences-pairs-all = Все пары
preferences-pairs-ask = ✏️ <b>Какие активы или пары вам нужны?</b> Напишите их через запятую или пробел, например <code>BTC, ETH/USDT</code>.
preferences-pairs-wrong = 🤔 <b>«{ $word }» — не актив и не пара.</b> Напишите их как <code>BTC, ETH/USDT</code>; любая команда отменит вопрос.
preferences-pairs-many =
    { $most ->
        [one] 🤔 <b>Это было бы больше { $most }.</b>
       *[many] 🤔 <b>Это было бы больше { $most }.</b>
    } Напишите меньше или уберите часть в /preferences.
preferences-pairs-set = ✅ Теперь вам сообщают о <b>{ $pairs }</b>. Всё вместе — /preferences.
