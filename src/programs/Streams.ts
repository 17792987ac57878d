/**
 * Streams: what is declared of streams and buckets, compared with the bus, and brought about.
 *
 * In: declarations, a bus. Out: a plan; what became of carrying it out; what everything holds. Promises: looking changes
 * nothing; applying is idempotent, goes on past what cannot be done, removes nothing, and tells what is left; two who
 * apply at once come to the same.
 */
import { Effect } from "effect"
import { Bus, type BusError, type FoundStream } from "../layers/Bus.ts"
import type { Declarations } from "../streams/Topology.ts"
import { type Foreign, type Plan, type Planned, planOf } from "../streams/TopologyPlan.ts"

export interface Refused {
  readonly name: string
  readonly reason: BusError["reason"]
  readonly detail: string
}

export interface Applied {
  /** What was to be done. */
  readonly plan: Plan
  readonly refused: ReadonlyArray<Refused>
  /** How the bus stands to the declarations now. */
  readonly left: Plan
}

/** One declared stream or bucket as it is there, or somebody else's on our subjects. */
export interface Listed {
  readonly declared: boolean
  readonly found: FoundStream
}

export const plan = Effect.fn("Streams.plan")(function* (declarations: Declarations) {
  const bus = yield* Bus
  return planOf(declarations, yield* bus.survey)
})

export const apply = Effect.fn("Streams.apply")(function* (declarations: Declarations) {
  const bus = yield* Bus
  const before = yield* plan(declarations)
  const isDue = ({ name: wanted }: { readonly name: string }, kind: Planned["kind"]) =>
    before.items.some(({ action, kind: its, name }) => name === wanted && its === kind && action !== "none")
  const due = [
    ...declarations.streams.filter((spec) => isDue(spec, "stream")).map((spec) => ({
      name: spec.name,
      make: bus.ensureStream(spec),
    })),
    ...declarations.buckets.filter((spec) => isDue(spec, "bucket")).map((spec) => ({
      name: spec.name,
      make: Effect.scoped(Effect.asVoid(bus.bucket(spec))),
    })),
  ]
  const ended = yield* Effect.forEach(due, ({ make, name }) =>
    make.pipe(
      Effect.as<Refused | null>(null),
      Effect.catchIf(
        ({ retryable }) => !retryable,
        ({ detail, reason }) => Effect.succeed<Refused | null>({ name, reason, detail }),
      ),
    ))
  return {
    plan: before,
    refused: ended.filter((one) => one !== null),
    left: yield* plan(declarations),
  } satisfies Applied
})

export const list = Effect.fn("Streams.list")(function* (declarations: Declarations) {
  const bus = yield* Bus
  const found = yield* bus.survey
  const { foreign } = planOf(declarations, found)
  const declared = [
    ...declarations.streams.map(({ name }) => ({ name, kind: "stream" })),
    ...declarations.buckets.map(({ name }) => ({ name, kind: "bucket" })),
  ]
  const there = (name: string, kind: string) => found.filter((one) => one.name === name && one.kind === kind)
  return [
    ...declared.flatMap(({ kind, name }) => there(name, kind).map((one): Listed => ({ declared: true, found: one }))),
    ...foreign.flatMap(({ name }: Foreign) =>
      there(name, "stream").map((one): Listed => ({ declared: false, found: one }))
    ),
  ]
})
