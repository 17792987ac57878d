/**
 * Migration 29: the number of the last change to what decides about a user.
 *
 * Raised in the transaction of the change, whoever makes it, by hand as well: what is cached of a user holds only under the
 * number it was read at. Sessions raise nothing: until when one lasts is read with the number.
 */
const watched = (table: string): string =>
  `create trigger ${table}_version after insert or update or delete on ${table}
    for each row execute function raise_user_version()`

export const userVersions: ReadonlyArray<string> = [
  `alter table users add column version bigint not null default 0`,
  `create function raise_user_version() returns trigger language plpgsql as $$
  begin
    if tg_op <> 'INSERT' then
      update users set version = version + 1 where user_id = old.user_id;
    end if;
    if tg_op = 'INSERT' or (tg_op = 'UPDATE' and new.user_id <> old.user_id) then
      update users set version = version + 1 where user_id = new.user_id;
    end if;
    return null;
  end $$`,
  `create function raise_own_version() returns trigger language plpgsql as $$
  begin
    new.version := old.version + 1;
    return new;
  end $$`,
  `create trigger users_version before update of telegram_id, role, tier, is_active, country, beta_until on users
    for each row when ((old.telegram_id, old.role, old.tier, old.is_active, old.country, old.beta_until)
      is distinct from (new.telegram_id, new.role, new.tier, new.is_active, new.country, new.beta_until))
    execute function raise_own_version()`,
  ...["user_notification_preferences", "user_api_keys", "user_restrictions"].map(watched),
]
