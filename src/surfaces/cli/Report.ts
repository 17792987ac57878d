/**
 * What a reading command tells beside its result.
 *
 * In: refused lines, figures of the analysis. Out, on standard error: refused lines by reason, venues that took no part,
 * instruments that no table knows. Promises: standard output stays clean for pipes.
 */
import { Console, Effect } from "effect"
import type { BadLine } from "../../layers/Recording.ts"
import type { Figures } from "../../streams/Analysis.ts"

const LINES_SHOWN = 5

const counted = (reasons: Readonly<Record<string, number>>): string =>
  Object.entries(reasons).map(([reason, count]) => `${reason} ${count}`).join(", ")

/** Refused lines by reason, the first of them with number and detail. */
export const reportBadLines = (file: string, bad: ReadonlyArray<BadLine>): Effect.Effect<void> =>
  Effect.gen(function* () {
    if (bad.length === 0) return
    const reasons: Record<string, number> = {}
    for (const { reason } of bad) reasons[reason] = (reasons[reason] ?? 0) + 1
    yield* Console.error(`${file}: ${bad.length} lines refused (${counted(reasons)})`)
    for (const { detail, line, reason } of bad.slice(0, LINES_SHOWN)) {
      yield* Console.error(`  line ${line}: ${reason}: ${detail}`)
    }
    if (bad.length > LINES_SHOWN) yield* Console.error(`  ... and ${bad.length - LINES_SHOWN} more`)
  })

/** Who took no part and why, and what was assumed. */
export const reportFigures = (figures: Figures): Effect.Effect<void> =>
  Effect.gen(function* () {
    const noFee = new Set<string>()
    for (const [key, notes] of figures.notes) {
      const [venue = "", instrument = ""] = key.split("|")
      if (notes.includes("no_fee")) noFee.add(venue)
      if (notes.includes("unknown_contract_size")) {
        yield* Console.error(`${venue} ${instrument}: takes no part, its contract size is unknown: add "contractSizes"`)
      }
      if (notes.includes("contract_size_assumed_1")) {
        yield* Console.error(`${venue} ${instrument}: no table knows its contract size; sizes are taken as base units`)
      }
      if (notes.includes("cycles_left_out")) {
        yield* Console.error(
          `${venue} ${instrument}: not in all of its cycles, the venue has more than can be followed`,
        )
      }
      if (notes.includes("no_lot_limits")) {
        yield* Console.error(`${venue} ${instrument}: no lot rules known; priced without lot limits`)
      }
    }
    for (const venue of noFee) yield* Console.error(`${venue}: takes no part, no fee is configured: add it to "fees"`)
    if (Object.keys(figures.rejected).length > 0) yield* Console.error(`rejected: ${counted(figures.rejected)}`)
    if (Object.keys(figures.refused).length > 0) yield* Console.error(`refused ticks: ${counted(figures.refused)}`)
  })
