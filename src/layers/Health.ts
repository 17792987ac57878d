/**
 * Health: the real state of what the service stands on, as asked at this moment.
 *
 * In: nothing. Out: each dependency, how fast it answered and its last trouble. Promises: an answer within seconds
 * whatever is down; what cannot be known from here is `unknown`, never `up`. Default: nothing is known.
 */
import { Context, Effect, Schema } from "effect"

export const Dependency = Schema.Struct({
  name: Schema.String,
  state: Schema.Literals(["up", "down", "absent", "unknown"]),
  /** Of this one question; null: there was none to time. */
  latencyMs: Schema.NullOr(Schema.Int),
  /** Which one it is, or what is wrong; no secrets. */
  detail: Schema.String,
})
export type Dependency = typeof Dependency.Type

export const Health = Context.Reference<{ readonly dependencies: Effect.Effect<ReadonlyArray<Dependency>> }>(
  "arbedge/Health",
  { defaultValue: () => ({ dependencies: Effect.succeed([]) }) },
)
