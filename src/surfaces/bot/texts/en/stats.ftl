# /stats, for admins.
stats-title = 📊 <b>The service</b>, { $at }
stats-health-unknown = ❔ The state of its dependencies is not known from here.
stats-sessions = • active sessions: { $count }
stats-queue = • queue: { $counts }
stats-today = • today: { $sent } sent, { $failed } failed
stats-no-errors = • no errors today
stats-errors = • latest errors of today:
stats-error = — { $error } (×{ $count }, { $at })
