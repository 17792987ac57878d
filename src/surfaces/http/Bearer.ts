/**
 * Bearer: whether a request carries the token that lets it in.
 *
 * In: an `Authorization` header, the token. Out: yes or no. Promises: compared in constant time; a missing header is
 * compared too; the token shows in no error and no log.
 */
import { createHash, timingSafeEqual } from "node:crypto"

const sha256 = (text: string): Uint8Array => createHash("sha256").update(text).digest()

/** Hashing makes the lengths equal, so that neither length nor content shows in the time. */
export const isAuthorized = (header: string | undefined, token: string): boolean =>
  timingSafeEqual(sha256(header ?? ""), sha256(`Bearer ${token}`))
