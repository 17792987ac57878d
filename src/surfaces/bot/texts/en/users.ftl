# /users, for admins.
users-title = 👥 <b>Seen last: { $count }.</b> /users with @name or a number shows one.
users-line = • <code>{ $id }</code> { $name } · { $tier } · { $role }
users-unknown = 🤔 Nobody here goes by “{ $who }”. Give a @name or the number of an account.
users-page = 👤 <b>{ $name }</b> { $username } · <code>{ $id }</code>
users-plan = • plan: { $tier }, role: { $role }
users-beta = • beta access until: { $until }
users-session = • session until: { $until }
users-seen = • registered { $registered }, last seen { $seen }
users-gone = • has blocked the bot, or is gone
users-never = none
users-beta-give = Beta for 30 days
users-beta-end = End beta
users-changed = Changed, as of now.
users-unchanged =
    .unknown_user = This user is no longer known.
    .not_permitted = Your role does not include this.
    .own_role = Nobody changes their own role: ask another superadmin.
