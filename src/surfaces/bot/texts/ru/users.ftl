# /users, for admins.
users-title = 👥 <b>Были последними: { $count }.</b> /users с @именем или номером покажет одного.
users-line = • <code>{ $id }</code> { $name } · { $tier } · { $role }
users-unknown = 🤔 Здесь нет никого под «{ $who }». Укажите @имя или номер учётной записи.
users-page = 👤 <b>{ $name }</b> { $username } · <code>{ $id }</code>
users-plan = • тариф: { $tier }, роль: { $role }
users-beta = • бета-доступ до: { $until }
users-session = • сессия до: { $until }
users-seen = • с нами с { $registered }, были { $seen }
users-gone = • бот заблокирован, или учётной записи больше нет
users-never = нет
users-beta-give = Бета на 30 дней
users-beta-end = Завершить бету
users-changed = Изменено, действует сразу.
users-unchanged =
    .unknown_user = Этот пользователь больше не известен.
    .not_permitted = Ваша роль этого не включает.
    .own_role = Свою роль никто не меняет: попросите другого суперадминистратора.
