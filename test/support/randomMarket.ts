/**
 * Random markets of one asset for property tests of the stream path.
 *
 * Out: scripts that shrink, and the ticks that each is played as. Promises: ingest times never step back; what a script
 * plays is the same every time.
 */
import * as Arbitrary from "effect/Arbitrary"
import type { Tick } from "../../src/domain/Tick.ts"
import { integers } from "./generators.ts"
import { book, gap, heartbeat, quote, T0 } from "./ticks.ts"

/** Random markets: three venues, quotes, numbered and unnumbered books, refreshes, gaps, heartbeats, pauses. */
export type Step = readonly [venue: number, kind: number, pause: number, price: number, size: number]
export const steps = Arbitrary.array(
  Arbitrary.all([integers(0, 2), integers(0, 19), integers(0, 40), integers(0, 30), integers(0, 3)]),
  { minLength: 5, maxLength: 60 },
)

export const marketOf = (script: ReadonlyArray<Step>, deep: boolean): ReadonlyArray<Tick> => {
  let now = T0
  const seqs = new Map<string, number>()
  return script.flatMap(([which, kind, pause, price, size]): ReadonlyArray<Tick> => {
    const venue = "abc"[which] ?? "a", instrument = which === 2 ? "BTC/USD" : "BTC/USDT"
    // Mostly milliseconds; now and then nothing passes at all, or seconds do.
    now += pause < 10 ? 0 : pause < 36 ? pause : pause * 100
    const bid = 10_000 + price, ask = bid + 1 + size
    if (kind === 0) {
      seqs.delete(venue)
      return [gap(venue, instrument, now)]
    }
    if (kind === 1) return [heartbeat(venue, instrument, now)]
    const asQuote = !deep || kind === 2
    if (asQuote) return [quote(venue, instrument, now, [String(bid), String(ask)], { bidSize: String(size), seq: now })]
    const seq = seqs.get(venue)
    const next = (seq ?? 100) + 1
    seqs.set(venue, next)
    const numbers = which === 1 ? {} : { firstSeq: next, seq: next, prevSeq: next - 1 }
    const sides = { bids: [[String(bid), String(size)]], asks: [[String(ask), "1"]] } as const
    // The far side of the old book goes, so that it seldom stays crossed.
    return seq === undefined || kind === 3
      ? [book(venue, instrument, now, sides, { seq: which === 1 ? null : next })]
      : [book(venue, instrument, now, sides, { snapshot: false, ...numbers })]
  })
}
