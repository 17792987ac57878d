/**
 * The name of this process in leases and frames.
 *
 * In: nothing. Out: 16 hex digits. Promises: random, so that no two starts share one: what a former start still writes is
 * recognised by its name.
 */
import { Effect } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"

export const make: Effect.Effect<string> = Effect.sync(() =>
  Array.from(SecureRandom.randomBytesUnsafe(8), (byte) => byte.toString(16).padStart(2, "0")).join("")
)
