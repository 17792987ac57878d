# /start, and what every session is told.
start-welcome = 👋 <b>Добро пожаловать в ArbEdge{ $name }!</b>
    Я слежу за биржами и присылаю те немногие арбитражные возможности, которые вам подходят.
start-welcome-back = 👋 <b>С возвращением{ $name }!</b>
    Ваши настройки сохранились.
start-active = ✅ <b>Ваша сессия уже активна.</b>
start-until = Она действует до <b>{ $until }</b> и продлевается, когда вы мной пользуетесь.
start-next = /opportunities покажет, что открыто сейчас, /help — остальное.
start-consent = <i>Начиная, вы соглашаетесь получать сообщения. /logout или блокировка сразу их прекращает.</i>
start-button = Начать снова
