# /profile.
profile-who = 👤 <b>{ $name }</b> · <code>{ $id }</code>
profile-nameless = Вы
profile-role = • роль: { $role }
profile-since = • с нами с { $since }
profile-plan = 📦 <b>Тариф: { $tier }</b>
profile-types = • виды: { $types }
profile-hour = • за этот час: { $spent } из { $limit }, осталось { $left }
profile-day = • сегодня: { $spent } из { $limit }, осталось { $left }
profile-commands = • команд в минуту: { $limit }
profile-beta = • бета-доступ до { $until }
profile-upgrade = Тариф побольше: назовите администратору номер рядом с вашим именем.
