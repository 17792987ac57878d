/**
 * Fault plans: what is to go wrong in a replay or a load run, and how often.
 *
 * In: `{"seed": 7, "faults": [{"kind": "gap", "rate": 0.01}, ...]}`, or one fault a text, `gap:0.01,venues=okx+kraken`.
 * Out: a checked plan with every default filled in. Promises: unknown keys and bad values are refused with their path;
 * a plan holds no chance of its own: what it strikes follows from the data, the plan and its seed (Faults.ts). Times are
 * offsets from the first tick, ms; rates are shares of the ticks that a fault may strike, 0 to 1.
 */
import { Schema } from "effect"
import { withDefault } from "./ConfigValues.ts"
import { VenueId } from "./Instrument.ts"

const Rate = Schema.Finite.check(Schema.isGreaterThan(0), Schema.isLessThanOrEqualTo(1))
const OffsetMs = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const SpanMs = Schema.Int.check(Schema.isGreaterThan(0))
const Count = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000 }))
const MAX_SKEW_MS = 3_600_000

/** `from` is inside the window, `to` is not. */
const window = { from: withDefault(OffsetMs, 0), to: Schema.optionalKey(OffsetMs) }

/** Which ticks a fault may strike; absent: all. */
const target = {
  ...window,
  venues: Schema.optionalKey(Schema.Array(VenueId)),
  instruments: Schema.optionalKey(Schema.Array(Schema.String)),
}

/** `ticks` of one instrument in a row are lost. */
export const GapFault = Schema.Struct({
  ...target,
  kind: Schema.Literal("gap"),
  rate: Rate,
  ticks: withDefault(Count, 1),
})
/** A tick comes twice. */
export const DuplicateFault = Schema.Struct({ ...target, kind: Schema.Literal("duplicate"), rate: Rate })
/** A tick comes behind the next `by` of its instrument. */
export const ReorderFault = Schema.Struct({
  ...target,
  kind: Schema.Literal("reorder"),
  rate: Rate,
  by: withDefault(Count, 1),
})
/** A quote's or a book's best bid is put at its best ask. */
export const CrossFault = Schema.Struct({ ...target, kind: Schema.Literal("cross"), rate: Rate })
/** `venue`: the venue's clock is off. `ingest`: the clock of the process that receives it. */
export const ClockSkewFault = Schema.Struct({
  ...target,
  kind: Schema.Literal("clock_skew"),
  offsetMs: Schema.Int.check(Schema.isBetween({ minimum: -MAX_SKEW_MS, maximum: MAX_SKEW_MS })),
  clock: withDefault(Schema.Literals(["venue", "ingest"]), "ingest"),
})
/** A venue's connection is lost about once in `everyMs`, for `lengthMs`. */
export const DisconnectFault = Schema.Struct({
  ...target,
  kind: Schema.Literal("disconnect"),
  everyMs: SpanMs,
  lengthMs: withDefault(SpanMs, 1_000),
})
/** About once in `everyMs`, Telegram refuses the next `calls` calls with 429. */
export const TelegramFault = Schema.Struct({
  ...window,
  kind: Schema.Literal("telegram_429"),
  everyMs: SpanMs,
  calls: withDefault(Count, 1),
  retryAfterS: withDefault(Count, 5),
})
export const ActorName = Schema.Literals(["Session", "UserQueue", "Coordinator", "RateLimiter"])
/** About once in `everyMs`, every living actor of one kind dies, in the middle of what it does. */
export const ActorKillFault = Schema.Struct({
  ...window,
  kind: Schema.Literal("actor_kill"),
  everyMs: SpanMs,
  actor: withDefault(ActorName, "UserQueue"),
})

export const Fault = Schema.Union([
  GapFault,
  DuplicateFault,
  ReorderFault,
  CrossFault,
  ClockSkewFault,
  DisconnectFault,
  TelegramFault,
  ActorKillFault,
])
export type Fault = typeof Fault.Type
export type FaultKind = Fault["kind"]
export type FaultOf<K extends FaultKind> = Extract<Fault, { readonly kind: K }>

export const FaultPlan = Schema.Struct({
  seed: withDefault(Schema.Int, 1),
  /** A feed that lost a book's continuity has a whole book again after so long. */
  resyncAfterMs: withDefault(SpanMs, 500),
  faults: Schema.Array(Fault),
})
export type FaultPlan = typeof FaultPlan.Type

export const NO_FAULTS: FaultPlan = { seed: 1, resyncAfterMs: 500, faults: [] }

const decode = Schema.decodeUnknownEffect(FaultPlan)

/** Every mistake is told with its path; unknown keys are mistakes. */
export const fromUnknown = (value: unknown) => decode(value, { errors: "all", onExcessProperty: "error" })

/** What the number right behind a kind's name means. */
const MAIN: Readonly<Record<FaultKind, string>> = {
  gap: "rate",
  duplicate: "rate",
  reorder: "rate",
  cross: "rate",
  clock_skew: "offsetMs",
  disconnect: "everyMs",
  telegram_429: "everyMs",
  actor_kill: "everyMs",
}
const LISTS: ReadonlySet<string> = new Set(["venues", "instruments"])

const valueOf = (key: string, text: string): unknown =>
  LISTS.has(key) ? text.split("+") : text !== "" && Number.isFinite(Number(text)) ? Number(text) : text

const isKind = (name: string): name is FaultKind => Object.hasOwn(MAIN, name)

/** `kind:number,key=value,...`, lists with "+" between, as the value that `fromUnknown` checks. */
export const parseFault = (text: string): unknown => {
  const [kind = "", ...rest] = text.split(":")
  const fields = rest.join(":").split(",").filter((part) => part !== "").map((part): readonly [string, unknown] => {
    const [key = "", ...value] = part.split("=")
    if (value.length > 0) return [key, valueOf(key, value.join("="))]
    const main = isKind(kind) ? MAIN[kind] : "rate"
    return [main, valueOf(main, key)]
  })
  return { kind, ...Object.fromEntries(fields) }
}
