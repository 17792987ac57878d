# /profile.
profile-who = 👤 <b>{ $name }</b> · <code>{ $id }</code>
profile-nameless = You
profile-role = • role: { $role }
profile-since = • with us since { $since }
profile-plan = 📦 <b>Plan: { $tier }</b>
profile-types = • kinds: { $types }
profile-hour = • this hour: { $spent } of { $limit } opportunities, { $left } left
profile-day = • today: { $spent } of { $limit } opportunities, { $left } left
profile-commands = • { $limit } commands a minute
profile-beta = • beta access until { $until }
profile-upgrade = A larger plan: tell an admin the number beside your name.
