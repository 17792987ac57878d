/**
 * What can be made to go wrong in a simulated market, for tests of those who read it.
 *
 * In: the faults of the configuration and one market's name. Out: which of them strikes at a time. Promises: a fault
 * that is named strikes exactly once in each market it names, at that market's first suitable event at or after
 * `atMs`; with no faults the simulation is the same, tick for tick, before the first fault's time.
 */
import { Effect, Schema } from "effect"
import { VenueId } from "../../domain/Instrument.ts"
import { GapReason } from "../../domain/Tick.ts"

const TimeMs = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

const where = {
  /** Since the start of the simulation, by arrival. */
  atMs: TimeMs,
  venue: VenueId,
  /** Null: every market of the venue. */
  instrument: Schema.NullOr(Schema.String).pipe(Schema.withDecodingDefaultKey(Effect.succeed(null))),
}

/**
 * `gap`: ticks are lost for `durationMs`, at least one (a book delta where there are books); then a `gap` tick and a
 * fresh snapshot, or, unless `announced`, neither. `duplicate`: a tick arrives twice. `crossed`: a quote or a delta
 * with the bid at or above the ask; a fresh snapshot mends the book. `silent`: nothing happens in the market for
 * `durationMs`, with a heartbeat every second or without.
 */
export const Fault = Schema.Union([
  Schema.Struct({
    ...where,
    kind: Schema.Literal("gap"),
    durationMs: TimeMs.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
    announced: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(true))),
    reason: GapReason.pipe(Schema.withDecodingDefaultKey(Effect.succeed("sequence" as const))),
  }),
  Schema.Struct({ ...where, kind: Schema.Literal("duplicate") }),
  Schema.Struct({ ...where, kind: Schema.Literal("crossed") }),
  Schema.Struct({ ...where, kind: Schema.Literal("silent"), durationMs: TimeMs, heartbeats: Schema.Boolean }),
])
export type Fault = typeof Fault.Type
type FaultOf<K extends Fault["kind"]> = Extract<Fault, { readonly kind: K }>

/** The faults still to come in one market. */
export interface MarketFaults {
  /** The silence that covers this time, if any. */
  readonly silence: (timeMs: number) => FaultOf<"silent"> | null
  /** The gap that has begun and is not yet closed by `closeGap`. */
  readonly gap: (timeMs: number) => FaultOf<"gap"> | null
  readonly closeGap: () => void
  /** Whether such a fault is due; it is then used up. */
  readonly take: (kind: "duplicate" | "crossed", timeMs: number) => boolean
}

const isGap = (fault: Fault): fault is FaultOf<"gap"> => fault.kind === "gap"
const isSilent = (fault: Fault): fault is FaultOf<"silent"> => fault.kind === "silent"

/** Null where no fault names this market, so that the hot loop need not ask. */
export const forMarket = (faults: ReadonlyArray<Fault>, venue: string, instrument: string): MarketFaults | null => {
  const mine = faults
    .filter((fault) => fault.venue === venue && (fault.instrument === null || fault.instrument === instrument))
    .sort((a, b) => a.atMs - b.atMs)
  if (mine.length === 0) return null
  const silences = mine.filter(isSilent)
  const gaps = mine.filter(isGap)
  const once = mine.filter((fault) => fault.kind === "duplicate" || fault.kind === "crossed")
  return {
    silence: (timeMs) => silences.find((s) => timeMs >= s.atMs && timeMs < s.atMs + s.durationMs) ?? null,
    gap: (timeMs) => {
      const [first] = gaps
      return first !== undefined && timeMs >= first.atMs ? first : null
    },
    closeGap: () => {
      gaps.shift()
    },
    take: (kind, timeMs) => {
      const index = once.findIndex((fault) => fault.kind === kind && timeMs >= fault.atMs)
      if (index >= 0) once.splice(index, 1)
      return index >= 0
    },
  }
}
