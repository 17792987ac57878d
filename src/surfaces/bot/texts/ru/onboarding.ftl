# Настройка по шагам: от первого /start до готовности.
onboarding-step = 🧭 <b>Настройка, шаг { $at } из { $of }</b>
onboarding-skip = Пропустить
onboarding-skip-rest = Остальное по умолчанию
    .all = ⚡️ Всё по умолчанию
onboarding-next = Дальше ›
onboarding-skipped = Осталось как было.
onboarding-language = <b>На каком языке мне говорить?</b>
onboarding-country = <b>Где вы живёте?</b>
    Некоторые биржи работают не во всех странах. Это нужно мне только для этого и для часового пояса.
onboarding-country-all = Все страны ›
onboarding-country-index = <b>Где вы живёте?</b>
    Страны от А до Я:
onboarding-country-set = { $country }. Часовой пояс: { $zone }.
onboarding-place = 📍 По моему местоположению
onboarding-place-ask = 📍 <b>Нажмите «{ $button }» внизу экрана.</b>
    Я сохраню только часовой пояс и страну, но не само место.
onboarding-place-send = 📍 Отправить местоположение
onboarding-place-refuse = Нет, выберу из списка
onboarding-place-set = 📍 Ваш часовой пояс: <b>{ $zone }</b>. Где вы находитесь, я уже не помню.
onboarding-place-refused = 👌 Тогда выберите из списка:
onboarding-place-unknown = 🤔 <b>Для этого места я не знаю часового пояса.</b> Выберите из списка:
onboarding-place-cannot = Сейчас я не могу принять местоположение. Выберите, пожалуйста, из списка.
onboarding-zone = <b>Какой у вас часовой пояс?</b>
    Я пишу только днём: с 8:00 до 22:00, если вы не решите иначе.
onboarding-types = <b>Что мне искать?</b>
    Отметьте нужное; ваш тариф: <b>{ $tier }</b>.
onboarding-type =
    .cross_exchange = <b>Межбиржевой</b>: купить на одной бирже и продать дороже на другой
    .triangular = <b>Треугольный</b>: три сделки на одной бирже, после которых остаётся больше, чем было
    .funding = <b>Ставка финансирования</b>: захеджированная позиция, за удержание которой платят
    .technical = <b>Технический</b>: сигнал по графику, без хеджа
onboarding-type-locked = 🔒 { $type } (тарифы: { $tiers })
onboarding-risk = <b>Какой риск вам подходит?</b>
    🛡 <b>Низкий</b>: только то, что сразу захеджировано и не раз себя показало; сначала такого мало
    ⚖️ <b>Средний</b>: ещё и новое, и то, что приносит доход не сразу
    🔥 <b>Высокий</b>: всё, что выгодно
    Что может пойти не так, видно всегда, а без вашей просьбы сделок за вас никто не совершает.
onboarding-risk-button =
    .low = 🛡 Низкий
    .medium = ⚖️ Средний
    .high = 🔥 Высокий
onboarding-venues = <b>Где вы торгуете?</b>
    Я сообщаю только о возможностях, все биржи которых отмечены. Если не выбирать, обо всех.
    { $blocked ->
        [0] { "" }
       *[other] ⛔️ значит, что биржа не обслуживает вашу страну.
    }
onboarding-venues-all = Все биржи
onboarding-limits = <b>Как часто мне можно писать?</b>
    Лучшее приходит первым. Ваш тариф: <b>{ $tier }</b>; вот что входит в тарифы:
onboarding-limits-button =
    .few = 🔈 Редко: { $perHour } в час, { $perDay } в день
    .some = 🔉 Умеренно: { $perHour } в час, { $perDay } в день
    .all = 🔊 Всё по тарифу: { $perHour } в час, { $perDay } в день
onboarding-plans-head =
    .plan = тариф
    .hour = /ч
    .day = /день
    .kinds = виды
    .yours = ← вы
onboarding-upgrade = ⬆️ Тариф выше
onboarding-upgrade-how = Тариф меняет администратор сервиса: сообщите ему ваш id, { $id }. Новый тариф действует сразу.
onboarding-ready = ✅ <b>Всё готово{ $name }!</b>
onboarding-summary = • язык: { $language }
    • страна: { $country }
    • время: { $zone }
    • виды: { $types }
    • риск: { $risk }
    • биржи: { $venues }
    • не больше { $perHour } в час и { $perDay } в день
onboarding-ready-next = 🔎 Я уже слежу за рынком. /opportunities покажет, что открыто сейчас.
    🔑 Чтобы потом торговать отсюда, подключите биржу. Для уведомлений это не нужно.
onboarding-ready-keys = 🔑 Как подключить биржу
onboarding-ready-settings = ⚙️ Что-то изменить
onboarding-ready-done = Готово
onboarding-unknown-country = не указана
onboarding-all = все
onboarding-risk-name =
    .low = низкий
    .medium = средний
    .high = высокий
