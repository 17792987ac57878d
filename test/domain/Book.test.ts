/** One order book: rebuilt from any cut of the same changes, and never readable over a hole in its sequence. */
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { Book } from "../../src/domain/Book.ts"
import type { Level, TickOf } from "../../src/domain/Tick.ts"
import { integers } from "../support/generators.ts"
import { book as bookTick, T0 } from "../support/ticks.ts"

type Change = readonly [side: "bids" | "asks", price: number, size: number]

const snapshot = (seq: number | null, bids: ReadonlyArray<Level>, asks: ReadonlyArray<Level>) =>
  bookTick("okx", "BTC/USDT", T0, { bids, asks }, { seq })

const delta = (
  numbers: Partial<Pick<TickOf<"book">, "firstSeq" | "seq" | "prevSeq">>,
  bids: ReadonlyArray<Level>,
  asks: ReadonlyArray<Level> = [],
) => bookTick("okx", "BTC/USDT", T0, { bids, asks }, { snapshot: false, ...numbers })

const changes = Arbitrary.array(
  Arbitrary.map(
    Arbitrary.all([integers(0, 1), integers(1, 12), integers(0, 3)]),
    ([side, price, size]): Change => side === 0 ? ["bids", price, size] : ["asks", 100 + price, size],
  ),
  { minLength: 1, maxLength: 40 },
)

/** The changes in groups of the given lengths, one delta each, numbered as a venue does. */
const deltasOf = (all: ReadonlyArray<Change>, lengths: ReadonlyArray<number>): ReadonlyArray<TickOf<"book">> => {
  const out: Array<TickOf<"book">> = []
  let from = 0
  for (let n = 0; from < all.length; n++) {
    const group = all.slice(from, from + (lengths[n % lengths.length] ?? 1))
    const of = (side: "bids" | "asks") =>
      group.filter(([on]) => on === side).map(([, price, size]): Level => [String(price), String(size)])
    const [firstSeq, seq] = [10 + from + 1, 10 + from + group.length]
    out.push(delta({ firstSeq, seq, prevSeq: 10 + from }, of("bids"), of("asks")))
    from += group.length
  }
  return out
}

const start = snapshot(10, [["5", "1"], ["4", "2"]], [["105", "1"], ["106", "2"]])
const shown = (of: Book) => ({ bids: of.bids.levels(), asks: of.asks.levels(), seq: of.seq, state: of.state })

const built = (events: ReadonlyArray<TickOf<"book">>): Book => {
  const made = new Book()
  for (const event of events) made.apply(event)
  return made
}

/** What the levels must be, kept in a map. */
const expected = (all: ReadonlyArray<Change>) => {
  const sides = { bids: new Map([[5, 1], [4, 2]]), asks: new Map([[105, 1], [106, 2]]) }
  for (const [side, price, size] of all) size === 0 ? sides[side].delete(price) : sides[side].set(price, size)
  const levels = (side: "bids" | "asks", sign: number) =>
    [...sides[side]].sort(([a], [b]) => sign * (a - b)).map(([price, size]): Level => [String(price), String(size)])
  return { bids: levels("bids", -1), asks: levels("asks", 1) }
}

const lengths = Arbitrary.array(integers(1, 5), { minLength: 1, maxLength: 4 })

describe("A book rebuilt from a snapshot and deltas", () => {
  it.prop("is the same however its changes are cut into deltas", [changes, lengths, lengths], ([all, one, other]) => {
    const first = built([start, ...deltasOf(all, one)])
    assert.deepInclude(shown(first), expected(all))
    assert.deepStrictEqual(shown(first), shown(built([start, ...deltasOf(all, other)])))
  }, { arbitrary: { runs: 200 } })

  it.prop(
    "is the same wherever its snapshot arrives among the deltas that it already holds",
    [changes, lengths, integers(0, 40)],
    ([all, cut, at]) => {
      const deltas = deltasOf(all, cut)
      const place = Math.min(at, deltas.length)
      // The venue took the snapshot before any of them, and it arrives late.
      const late = built([...deltas.slice(0, place), start, ...deltas.slice(place)])
      assert.deepStrictEqual(shown(late), shown(built([start, ...deltas])))
    },
    { arbitrary: { runs: 200 } },
  )

  it.prop("notices a delta that was lost, and shows nothing until the next snapshot", [changes, integers(0, 40)], (
    [all, which],
  ) => {
    const deltas = deltasOf(all, [1])
    if (deltas.length < 2) return
    const lost = which % (deltas.length - 1)
    const made = new Book()
    const answers = [start, ...deltas.toSpliced(lost, 1)].map((event) => made.apply(event))
    assert.include(answers, "gap")
    assert.deepStrictEqual(shown(made), { bids: [], asks: [], seq: null, state: "broken" })
    const last = deltas.at(-1)?.seq ?? 0
    made.apply({ ...start, seq: last })
    assert.deepStrictEqual(made.bids.levels(), start.bids)
  }, { arbitrary: { runs: 100 } })

  it.prop("passes over a delta that comes twice", [changes, integers(0, 40)], ([all, which]) => {
    const deltas = deltasOf(all, [2])
    const twice = deltas.flatMap((event, at) => at === which % deltas.length ? [event, event] : [event])
    const made = new Book()
    const answers = [start, ...twice].map((event) => made.apply(event))
    assert.strictEqual(answers.filter((answer) => answer === "ignored").length, 1)
    assert.deepStrictEqual(shown(made), shown(built([start, ...deltas])))
  })

  it.prop("notices two deltas that changed places", [changes, integers(0, 40)], ([all, which]) => {
    const deltas = deltasOf(all, [1])
    if (deltas.length < 2) return
    const at = which % (deltas.length - 1)
    const swapped = [...deltas.slice(0, at), ...deltas.slice(at, at + 2).reverse(), ...deltas.slice(at + 2)]
    const made = new Book()
    const answers = [start, ...swapped].map((event) => made.apply(event))
    assert.include(answers, "gap")
  })
})

describe("A snapshot that is older than a hole among the deltas that wait", () => {
  it("leaves the rest of them waiting for the next one", () => {
    const waiting = [5, 7, 8, 9].map((seq) => delta({ firstSeq: seq, seq, prevSeq: seq - 1 }, [[String(seq), "1"]]))
    const made = built(waiting)
    assert.strictEqual(made.apply(snapshot(4, [["1", "1"]], [])), "gap")
    assert.deepStrictEqual([made.state, made.waiting], ["broken", 3])
    assert.strictEqual(made.apply(snapshot(7, [["1", "1"]], [])), "applied")
    assert.strictEqual(made.apply(delta({ firstSeq: 10, seq: 10, prevSeq: 9 }, [["10", "1"]])), "applied")
    assert.deepStrictEqual(made.bids.levels().map(([price]) => price), ["10", "9", "8", "1"])
  })
})

describe("The venues' ways of numbering", () => {
  it("let the first delta span the snapshot, and later ones only follow on", () => {
    const spot = built([snapshot(100, [["5", "1"]], [])])
    assert.strictEqual(spot.apply(delta({ firstSeq: 90, seq: 105 }, [["4", "1"]])), "applied")
    assert.strictEqual(spot.apply(delta({ firstSeq: 106, seq: 106 }, [["3", "1"]])), "applied")
    assert.strictEqual(spot.apply(delta({ firstSeq: 108, seq: 109 }, [["2", "1"]])), "gap")
  })

  it("skip numbers on futures, where only the predecessor's is said", () => {
    const futures = built([snapshot(100, [["5", "1"]], [])])
    assert.strictEqual(futures.apply(delta({ firstSeq: 95, seq: 130, prevSeq: 94 }, [["4", "1"]])), "applied")
    assert.strictEqual(futures.apply(delta({ firstSeq: 140, seq: 150, prevSeq: 130 }, [["3", "1"]])), "applied")
    assert.strictEqual(futures.apply(delta({ firstSeq: 151, seq: 160, prevSeq: 149 }, [["2", "1"]])), "gap")
  })

  it("are absent on some venues: then whoever watches the checksum says when it breaks", () => {
    const unnumbered = built([snapshot(null, [["5", "1"]], [["6", "1"]])])
    assert.strictEqual(unnumbered.apply(delta({}, [["5", "0"], ["4", "1"]])), "applied")
    assert.deepStrictEqual(unnumbered.bids.levels(), [["4", "1"]])
    unnumbered.break()
    assert.deepStrictEqual(unnumbered.bids.levels(), [])
  })

  it("without numbers nothing tells whether a delta is newer than the snapshot it came before: it is dropped", () => {
    const made = new Book()
    assert.strictEqual(made.apply(delta({}, [["9", "1"]])), "buffered")
    made.apply(snapshot(null, [["5", "1"]], []))
    assert.deepStrictEqual(made.bids.levels(), [["5", "1"]])
  })
})

describe("A book of quotes", () => {
  it("has one level a side and takes the next quote whole", () => {
    const made = new Book()
    made.quote("5", "1", "6", "2", 7)
    made.quote("4", "1", "5.5", "3", 8)
    assert.deepStrictEqual(shown(made), { bids: [["4", "1"]], asks: [["5.5", "3"]], seq: 8, state: "synced" })
    assert.isTrue(made.fromQuotes)
  })

  it("has no level where the size is zero, and crosses where a bid is not below the ask", () => {
    const made = new Book()
    made.quote("5", "0", "6", "1", null)
    assert.deepStrictEqual(made.bids.levels(), [])
    assert.isFalse(made.crossed)
    made.quote("6", "1", "6", "1", null)
    assert.isTrue(made.crossed)
  })

  it("gives way to a full book, which quotes then leave alone", () => {
    const made = new Book()
    made.quote("5", "1", "6", "1", null)
    made.apply(snapshot(3, [["4", "1"], ["3", "1"]], [["7", "1"]]))
    assert.strictEqual(made.quote("5", "1", "6", "1", null), "ignored")
    assert.strictEqual(made.bids.length, 2)
    made.break()
    assert.strictEqual(made.quote("5", "1", "6", "1", null), "applied")
    assert.strictEqual(made.bids.length, 1)
  })
})
