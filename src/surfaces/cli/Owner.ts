/**
 * The name of this process in leases and frames: random, so that no two starts share one. Out: 16 hex digits.
 */
import { Effect } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"

export const make: Effect.Effect<string> = Effect.sync(() =>
  Array.from(SecureRandom.randomBytesUnsafe(8), (byte) => byte.toString(16).padStart(2, "0")).join("")
)
