# /alerts.
alerts-title = ⏰ <b>Ваши ценовые оповещения</b> ({ $count } из { $limit })
alerts-none = ⏰ <b>У вас нет ценовых оповещений.</b> Ваш тариф позволяет { $limit ->
        [one] { $limit }.
       *[many] { $limit }.
    }
alerts-line = • { $alert }
    .repeats = • { $alert }, снова и снова
alerts-usage = Создать: <code>/alerts BTC/USDT &gt; 70000</code>, на одной бирже <code>/alerts kraken:BTC/USDT &lt; 60000</code>; со словом <code>повтор</code> в конце не прекратится после первого раза.
alerts-deleted = Удалено: { $alert }
alerts-made = ⏰ <b>Я сообщу: { $alert }</b>
alerts-now = Сейчас цена — { $price }.
    .beyond = Сейчас цена — { $price }, уже за порогом: ей надо вернуться, чтобы пересечь его.
    .unknown = Свежей цены сейчас нет; слежу начиная со следующей.
alerts-how = Один раз. Список и удаление — /alerts.
    .repeats = Каждый раз, когда цена отойдёт обратно на 0,2% и пересечёт порог снова. Список и удаление — /alerts.
alerts-known = ⏰ Такое оповещение у вас уже есть: { $alert }
alerts-too-many = 🔒 <b>Ваш тариф ({ $tier }) позволяет { $limit ->
        [one] { $limit } ценовое оповещение
        [few] { $limit } ценовых оповещения
       *[many] { $limit } ценовых оповещений
    } одновременно.</b> Удалите одно в /alerts.
alerts-unknown = 🤔 <b>За { $name } я не слежу.</b> Отслеживаются: { $markets }
alerts-wrong =
    .form = 🤔 <b>Это не похоже на оповещение.</b> Напишите как <code>/alerts BTC/USDT &gt; 70000</code> или <code>/alerts kraken:BTC/USDT &lt; 60000 повтор</code>.
    .instrument = 🤔 <b>Это не пара.</b> Напишите вроде BTC/USDT или BTC/USDT:USDT для бессрочного контракта: <code>/alerts BTC/USDT &gt; 70000</code>.
    .price = 🤔 <b>Это не цена.</b> Напишите число больше 0: <code>/alerts BTC/USDT &gt; 70000,5</code>.
