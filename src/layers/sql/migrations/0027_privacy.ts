/**
 * Migration 27: a key of their own for every user.
 *
 * What is published about a user is sealed under it; with the row it is destroyed. 244 bits of the server's secure
 * random, hashed to 256.
 */
export const privacy: ReadonlyArray<string> = [
  `alter table users add column data_key bytea not null
    default sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'))`,
]
