# /stats, for admins.
stats-title = 📊 <b>Сервис</b>, { $at }
stats-health-unknown = ❔ Состояние его зависимостей отсюда не известно.
stats-sessions = • активных сессий: { $count }
stats-queue = • очередь: { $counts }
stats-today = • сегодня: отправлено { $sent }, не удалось { $failed }
stats-no-errors = • ошибок сегодня нет
stats-errors = • последние ошибки за сегодня:
stats-error = — { $error } (×{ $count }, { $at })
