/**
 * Migration 18: exchange keys of users, sealed.
 *
 * `sealed` is one envelope of the Vault with all parts of a key; a refused key keeps none. `master_key_id` is read out
 * of the envelope, so that what a master key still holds is found without opening anything.
 */
export const userApiKeys: ReadonlyArray<string> = [
  `create table user_api_keys (
    key_id text primary key,
    user_id text not null references users,
    venue text not null,
    label text not null check (length(label) between 1 and 40),
    sealed text,
    master_key_id text generated always as (split_part(sealed, '.', 2)) stored,
    state text not null default 'unchecked' check (state in ('unchecked', 'usable', 'refused', 'failing')),
    rights jsonb,
    checked_at timestamptz,
    last_error text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (user_id, venue, label),
    check ((state = 'refused') = (sealed is null))
  )`,
  `create index user_api_keys_usable on user_api_keys (user_id, venue) where state = 'usable'`,
  `create index user_api_keys_master on user_api_keys (master_key_id, key_id) where sealed is not null`,
]
