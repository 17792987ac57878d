/**
 * What can go wrong on the wire, venue by venue, against the real ccxt code.
 * In: the recorded book of each venue, spoilt at one frame. Out: verdicts: the fault is counted under its reason, a
 * gap is announced, nothing is said of the book until its next snapshot, and the book ends where the venue's is.
 */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import type { BadTickReason, GapReason, Level, Tick } from "../../../src/domain/Tick.ts"
import { data, describeWith } from "../../support/available.ts"
import { cases } from "../../support/venues/cases.ts"
import { fakeVenue, type Step } from "../../support/venues/FakeVenue.ts"
import * as faults from "../../support/venues/faults.ts"
import { type FeedProbe, probe } from "../../support/venues/FeedProbe.ts"
import { asJson, type Frame } from "../../support/venues/VenueScript.ts"

/** Which delta after the first that counts is spoilt. */
const AT = 3
const FRAMES = 30
const DEPTH = 100

type Side = Map<number, string>

const put = (side: Side, levels: ReadonlyArray<Level>): void => {
  for (const [price, size] of levels) {
    if (size === "0") side.delete(Number(price))
    else side.set(Number(price), size)
  }
}

/** What a consumer knows of the book after these ticks: the best three levels a side, or that there is no book. */
const bookOf = (ticks: ReadonlyArray<Tick>, instrument: string): string => {
  const bids: Side = new Map(), asks: Side = new Map()
  let synced = false
  for (const tick of ticks) {
    if (tick.instrument !== instrument || (tick.kind !== "gap" && tick.kind !== "book")) continue
    if (tick.kind === "gap" || tick.snapshot) {
      bids.clear()
      asks.clear()
    }
    synced = tick.kind === "book" && (tick.snapshot || synced)
    if (tick.kind !== "book" || !synced) continue
    put(bids, tick.bids)
    put(asks, tick.asks)
  }
  const best = (side: Side, sign: 1 | -1) => [...side].sort(([a], [b]) => sign * (a - b)).slice(0, 3)
  return synced ? JSON.stringify([best(bids, -1), best(asks, 1)]) : "no book"
}

/** Book ticks that stand between a gap and the next snapshot: there must be none. */
const usedWhileBroken = (ticks: ReadonlyArray<Tick>, instrument: string): number => {
  let broken = false, used = 0
  for (const tick of ticks) {
    if (tick.instrument !== instrument) continue
    if (tick.kind === "gap") broken = true
    if (tick.kind !== "book") continue
    if (tick.snapshot) broken = false
    else if (broken) used++
  }
  return used
}

interface Fault {
  readonly name: string
  readonly steps: (frames: ReadonlyArray<Frame>, at: number) => ReadonlyArray<Step>
  /** Why the frame is refused; null where it is well-formed and only out of place. */
  readonly reason: BadTickReason | null
  /** Which gap follows; null where none is needed. */
  readonly gap: "continuity" | GapReason | null
}

const replaced = (change: (text: string) => string) => (frames: ReadonlyArray<Frame>, at: number) =>
  faults.replaced(frames, at, change)

const list: ReadonlyArray<Fault> = [
  { name: "a lost delta", steps: faults.gap, reason: null, gap: "continuity" },
  { name: "a repeated delta", steps: faults.duplicate, reason: null, gap: null },
  {
    name: "two deltas in the wrong order",
    steps: faults.reorder,
    reason: null,
    gap: "continuity",
  },
  { name: "a cut connection", steps: faults.cut, reason: null, gap: "disconnect" },
  { name: "truncated JSON", steps: replaced(faults.truncate), reason: "not_json", gap: "continuity" },
  { name: "a __proto__ key", steps: replaced(faults.withProto), reason: "forbidden_key", gap: "continuity" },
  { name: "the number 1e400", steps: replaced(faults.withHugeNumber), reason: "bad_decimal", gap: "continuity" },
  { name: "a negative price", steps: replaced(faults.withNegative), reason: "not_positive", gap: "continuity" },
  { name: "a frame of 20 MB", steps: replaced((text) => faults.padded(text)), reason: "too_large", gap: "continuity" },
]

/** The frame with other fields. */
const changed = (fields: Record<string, unknown>) =>
  replaced((text) => JSON.stringify({ ...asJson(JSON.parse(text)), ...fields }))

/** Faults that only one venue's shape can show. */
const binanceOnly: ReadonlyArray<Fault> = [
  { name: "a bid above every ask", steps: changed({ b: [["99.0", "1"]] }), reason: "crossed", gap: "sequence" },
  { name: "time going backwards", steps: changed({ E: 1633990000000 }), reason: "time_backwards", gap: "sequence" },
  { name: "no bids", steps: changed({ b: undefined }), reason: "missing_field", gap: "sequence" },
  { name: "bids that are no list", steps: changed({ b: { "0.35": "1" } }), reason: "wrong_type", gap: "sequence" },
  { name: "a level without a size", steps: changed({ b: [["0.35"]] }), reason: "missing_field", gap: "sequence" },
]

const settled = (feed: FeedProbe, instrument: string, truth: string, fault: Fault) =>
  feed.until(`${fault.name}: ${instrument} at ${truth}`, ({ ticks, ticksOf }) => {
    const gaps = ticksOf("gap").filter((gap) => gap.instrument === instrument)
    return (fault.gap === null || gaps.length > 0) && bookOf(ticks(), instrument) === truth
  })

const start = (id: string) =>
  Effect.gen(function* () {
    const one = cases.find((known) => known.id === id)
    if (one?.book === undefined) return yield* Effect.die(`${id} has no books`)
    const [instrument = ""] = one.instruments, { book } = one
    const venue = yield* fakeVenue(one.script(data.path))
    const feed = yield* probe(venue, { instruments: [instrument], kinds: ["book"], depth: DEPTH })
    yield* Effect.promise(() => venue.subscribed([book]))
    if (venue.script.books.source === "^$") {
      yield* feed.until("the REST snapshot", ({ ticksOf }) => ticksOf("book").length > 0)
    }
    const snapshot = feed.ticksOf("book")[0]?.seq ?? 0
    const frames = venue.script.frames.filter(({ channel }) => channel === book).slice(0, FRAMES)
    // Deltas the REST snapshot already contains are dropped by design: the fault must hit a later one.
    const first = frames.findIndex(({ text }) => Number(asJson(JSON.parse(text))["u"] ?? Infinity) > snapshot)
    return { venue, feed, frames, instrument, at: first + AT }
  })

describeWith(data, "a fault on the wire", () => {
  for (const { id, book } of cases) {
    if (book === undefined) continue
    it.live(`${id}: every fault is noticed and the book ends where the venue's is`, () =>
      Effect.gen(function* () {
        const truth = yield* Effect.scoped(Effect.gen(function* () {
          const { venue, feed, frames, instrument } = yield* start(id)
          yield* Effect.promise(() => venue.play(faults.clean(frames)))
          yield* Effect.promise(() => venue.play([{ kind: "say", channel: book, text: "the end" }]))
          yield* feed.until("the end", ({ bad }) => bad().length > 0)
          assert.deepStrictEqual(feed.ticksOf("gap"), [])
          return bookOf(feed.ticks(), instrument)
        }))
        assert.match(truth, /^\[\[\[/)
        for (const fault of id === "binance" ? [...list, ...binanceOnly] : list) {
          yield* Effect.scoped(Effect.gen(function* () {
            const { venue, feed, frames, instrument, at } = yield* start(id)
            yield* Effect.promise(() => venue.play(fault.steps(frames, at)))
            yield* settled(feed, instrument, truth, fault)
            const label = `${id}: ${fault.name}`
            const reasons = feed.bad().map(({ reason }) => reason)
            assert.deepStrictEqual(reasons, fault.reason === null ? [] : [fault.reason], label)
            const gap = feed.ticksOf("gap")[0]?.reason ?? null
            if (fault.gap === "continuity") assert.include(["sequence", "checksum"], gap ?? "none", label)
            else assert.strictEqual(gap, fault.gap, label)
            assert.strictEqual(usedWhileBroken(feed.ticks(), instrument), 0, label)
            assert.isNull(feed.failure(), label)
          }))
        }
        assert.isUndefined(Reflect.get({}, "polluted"))
      }), 60_000)
  }
})
