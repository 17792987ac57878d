/**
 * Migration 16: users found by name, and the few with a role.
 *
 * Admins look people up by "@name" in whatever case, and the menus of admins' chats are published at each start: neither is
 * to read the whole table.
 */
export const directory: ReadonlyArray<string> = [
  `create index users_username on users (lower(username)) where username is not null`,
  `create index users_staff on users (telegram_id) where role <> 'user'`,
]
