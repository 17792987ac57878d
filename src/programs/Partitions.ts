/**
 * Partitions: who analyses what in all processes together, and how far behind they are.
 *
 * In: leases, checkpoints and the stream MD. Out: one row for each partition that there is, asset partitions by number,
 * then venues. Promises: owners as they are now; positions as of the last checkpoint, at most a second old where
 * something comes; reads without fencing anybody.
 */
import { Clock, Context, Effect, Layer, Option, Schema } from "effect"
import type { Bus } from "../layers/Bus.ts"
import { Checkpoints } from "../layers/Checkpoints.ts"
import { Leases } from "../layers/Leases.ts"
import type { StoreError } from "../layers/Store.ts"
import { NAME } from "../streams/Analyse.ts"
import { parsePartition, partitionName, shardOf, SHARDS } from "../streams/Lane.ts"
import { lagOf } from "../streams/PartitionLag.ts"
import { shardLease } from "../streams/Shards.ts"

export const PartitionState = Schema.Struct({
  /** "0" to "15", all venues of some assets; "venue.kraken", the spot markets of one venue. */
  partition: Schema.String,
  /** The process that analyses it; null: nobody does now. */
  owner: Schema.NullOr(Schema.String),
  /** Whether that is the process that was asked. */
  here: Schema.Boolean,
  /** Last sequence of the stream MD that was analysed and told; 0: none yet. */
  position: Schema.Int,
  /** Messages of it behind that position, and the age of the oldest; null: the bus did not answer. */
  lagMessages: Schema.NullOr(Schema.Int),
  lagMs: Schema.NullOr(Schema.Int),
  /** Over the second before its last checkpoint. */
  ticksPerSecond: Schema.Finite,
  /** When that was; ms. */
  savedAtMs: Schema.Int,
})
export type PartitionState = typeof PartitionState.Type

/** A pace that old says nothing of now. */
const PACE_HOLDS_MS = 5_000
const QUESTIONS_AT_ONCE = 8

const wall = Clock.Clock.defaultValue()

const look = Effect.fnUntraced(function* (asked: string) {
  const leases = yield* Leases, checkpoints = yield* Checkpoints
  const nowMs = yield* Clock.currentTimeMillis
  const held = new Map((yield* leases.list(`${NAME}.`)).map((lease) => [lease.name, lease]))
  const places = yield* checkpoints.list(`${NAME}.`)
  const known = places.flatMap((place) =>
    Option.toArray(Option.map(parsePartition(place.name.slice(NAME.length + 1)), (partition) => ({ partition, place })))
  )
  return yield* Effect.forEach(
    known,
    ({ partition, place: { position, savedAtMs, ticksPerSecond } }) =>
      Effect.gen(function* () {
        const lease = held.get(shardLease(NAME, shardOf(partition)))
        const lag = yield* Effect.option(lagOf(partition, position))
        const owner = lease === undefined || lease.expiresAt <= wall.currentTimeMillisUnsafe() ? null : lease.owner
        const state: PartitionState = {
          partition: partitionName(partition),
          owner,
          here: owner === asked,
          position,
          lagMessages: Option.getOrNull(Option.map(lag, ({ lagMessages }) => lagMessages)),
          lagMs: Option.getOrNull(Option.map(lag, ({ lagMs }) => lagMs)),
          ticksPerSecond: nowMs - savedAtMs > PACE_HOLDS_MS ? 0 : ticksPerSecond,
          savedAtMs,
        }
        return [partition, state] as const
      }),
    { concurrency: QUESTIONS_AT_ONCE },
  )
}, Effect.map((states) => states.toSorted(([a], [b]) => placeOf(a) - placeOf(b)).map(([, state]) => state)))

/** Asset partitions by number; venues behind them, by name as they come. */
const placeOf = (partition: number | string): number => typeof partition === "number" ? partition : SHARDS

/** What the service's surfaces ask. Default: there are none. */
export const Partitions = Context.Reference<Effect.Effect<ReadonlyArray<PartitionState>, StoreError>>(
  "arbedge/Partitions",
  { defaultValue: () => Effect.succeed([]) },
)

/** `owner`: this process's name in leases. */
export const layer = (owner: string): Layer.Layer<never, never, Bus | Checkpoints | Leases> =>
  Layer.effect(
    Partitions,
    Effect.map(Effect.context<Bus | Checkpoints | Leases>(), (context) => Effect.provide(look(owner), context)),
  )
