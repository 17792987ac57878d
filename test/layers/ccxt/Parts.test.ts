/**
 * The pure parts of the live feeds: continuity, checksums, clock offset, plausibility, screening, the way out.
 * In: hand-made values and one documented worked example. Out: verdicts.
 */
import { assert, describe, it } from "@effect/vitest"
import type { FeedEvent } from "../../../src/domain/Feed.ts"
import type { TickOf } from "../../../src/domain/Tick.ts"
import { BookKeeper } from "../../../src/layers/ccxt/BookKeeper.ts"
import { crc32, krakenChecksum, okxChecksum } from "../../../src/layers/ccxt/Checksum.ts"
import { ClockOffset } from "../../../src/layers/ccxt/ClockOffset.ts"
import { follows } from "../../../src/layers/ccxt/Continuity.ts"
import { Outlet } from "../../../src/layers/ccxt/Outlet.ts"
import { PriceGuard, TimeGuard } from "../../../src/layers/ccxt/Plausibility.ts"
import { screen } from "../../../src/layers/ccxt/Screen.ts"
import { binance } from "../../../src/layers/ccxt/venues/binance.ts"
import { decimal, numberText, sequence, time } from "../../../src/layers/ccxt/Values.ts"

describe("continuity", () => {
  const spot = (firstSeq: number, seq: number) => ({ firstSeq, seq, prevSeq: null })
  const futures = (firstSeq: number, seq: number, prevSeq: number) => ({ firstSeq, seq, prevSeq })

  it("lets a delta span the snapshot, and later only the exact next one follow", () => {
    assert.strictEqual(follows(100, true, spot(95, 103)), "next")
    assert.strictEqual(follows(100, true, spot(101, 103)), "next")
    assert.strictEqual(follows(100, true, spot(102, 103)), "gap")
    assert.strictEqual(follows(100, false, spot(101, 103)), "next")
    assert.strictEqual(follows(100, false, spot(100, 103)), "gap")
    assert.strictEqual(follows(100, false, spot(98, 100)), "old")
  })
  it("goes by the previous number where a venue states it", () => {
    assert.strictEqual(follows(100, false, futures(107, 120, 100)), "next")
    assert.strictEqual(follows(100, false, futures(90, 120, 89)), "gap")
    assert.strictEqual(follows(100, true, futures(90, 120, 89)), "next")
    assert.strictEqual(follows(100, false, futures(90, 100, 89)), "old")
  })
  it("takes an unchanged number for the next one, and a fallen number for a gap", () => {
    assert.strictEqual(follows(110, false, { firstSeq: null, seq: 110, prevSeq: 110 }), "next")
    assert.strictEqual(follows(110, false, { firstSeq: null, seq: 3, prevSeq: 110 }), "gap")
  })
  it("cannot judge venues without numbers", () => {
    assert.strictEqual(follows(null, false, { firstSeq: null, seq: null, prevSeq: null }), "next")
  })
})

describe("checksums", () => {
  // The worked example of Kraken's guide "Book checksum (WebSocket v2)".
  const asks = [
    [45285.2, 0.001],
    [45286.4, 1.54571953],
    [45286.6, 1.54571109],
    [45289.6, 1.54560911],
    [45290.2, 0.1589066],
    [45291.8, 1.54553491],
    [45294.7, 0.04454749],
    [45296.1, 0.3538],
    [45297.5, 0.09945542],
    [45299.5, 0.18772827],
  ]
  const bids = [
    [45283.5, 0.1],
    [45283.4, 1.54582015],
    [45282.1, 0.1],
    [45281, 0.1],
    [45280.3, 1.54592586],
    [45279, 0.0799],
    [45277.6, 0.03310103],
    [45277.5, 0.3],
    [45277.3, 1.54602737],
    [45276.6, 0.15445238],
  ]
  it("agree with Kraken's worked example", () => {
    assert.strictEqual(krakenChecksum(bids, asks, 1, 8), 3310070434)
  })
  it("agree with the check value of CRC-32", () => {
    assert.strictEqual(crc32("123456789"), 0xcbf43926)
  })
  it("write OKX's levels in turn, and go on with the longer side", () => {
    const expected = crc32("2:0.00001:3:5:1:7") | 0
    assert.strictEqual(okxChecksum([[2, 0.00001], [1, 7]], [[3, 5]]), expected)
  })
})

describe("the clock offset", () => {
  it("is the smallest delay seen, negated, and told once", () => {
    const offset = new ClockOffset()
    assert.isNull(offset.offsetMs)
    offset.observe(1_000, 900)
    offset.observe(1_010, 990)
    offset.observe(1_100, 900)
    assert.strictEqual(offset.offsetMs, -20)
    assert.strictEqual(offset.news(), -20)
    assert.isNull(offset.news())
  })
  it("is positive where the venue's clock is ahead", () => {
    const offset = new ClockOffset()
    offset.observe(1_000, 2_270)
    assert.strictEqual(offset.offsetMs, 1_270)
  })
  it("does not believe one frame from the future, but two", () => {
    const offset = new ClockOffset()
    offset.observe(1_000, 990)
    offset.observe(1_001, 3_600_000)
    assert.strictEqual(offset.offsetMs, -10)
    offset.observe(1_002, 3_600_001)
    assert.strictEqual(offset.offsetMs, 3_598_999)
  })
  it("forgets a delay after two windows of ten minutes", () => {
    const offset = new ClockOffset()
    offset.observe(0, 100)
    for (let nowMs = 0; nowMs <= 1_200_000; nowMs += 60_000) offset.observe(nowMs, nowMs - 50)
    assert.strictEqual(offset.offsetMs, -50)
  })
})

describe("the keeper of a book", () => {
  const market = { symbol: "BTC/USDT", precision: {}, limits: {} }
  const keeper = () => new BookKeeper(binance, market, 0.5)
  const book = (bid: number, ask: number) => ({ bids: [[bid, 1]], asks: [[ask, 1]] })

  it("breaks a book that jumps without crossing, and takes any level after that", () => {
    const one = keeper()
    one.loaded(1, 0)
    assert.isNull(one.verify(book(100, 101), null))
    assert.strictEqual(one.verify(book(300, 301), null)?.bad?.reason, "absurd_jump")
    one.broken()
    one.forget()
    assert.isNull(one.verify(book(300, 301), null))
  })
  it("has nothing to say of a book with an empty side", () => {
    assert.isNull(keeper().verify({ bids: [], asks: [[1, 1]] }, null))
  })
  it("calls every delta early until there is a snapshot", () => {
    const delta: TickOf<"book"> = {
      v: 1,
      venue: "binance",
      instrument: "BTC/USDT",
      venueTime: null,
      ingestTime: 0,
      kind: "book",
      snapshot: false,
      firstSeq: 2,
      seq: 3,
      prevSeq: null,
      bids: [],
      asks: [],
    }
    const one = keeper()
    assert.strictEqual(one.judge(delta), "early")
    one.loaded(1, 0)
    assert.strictEqual(one.judge(delta), "apply")
  })
})

describe("plausibility", () => {
  it("refuses a jump until three values in a row agree", () => {
    const guard = new PriceGuard(0.5)
    assert.deepStrictEqual([100, 149, 300, 100, 300, 301].map((price) => guard.accepts(price)), [
      true,
      true,
      false,
      true,
      false,
      false,
    ])
    assert.isTrue(guard.accepts(299))
    guard.reset()
    assert.isTrue(guard.accepts(1))
  })
  it("refuses a time that falls back by more than the tolerance, once", () => {
    const guard = new TimeGuard(10)
    assert.deepStrictEqual([100, 91, 50, 51, 200].map((at) => guard.accepts(at)), [true, true, false, true, true])
  })
})

describe("single values", () => {
  it("become plain decimals without trailing zeros", () => {
    const plain = ["0.35130000", "1.0", "100", "1e-7", 4.217e-5, "+5.50", -0.00002150].map((one) => decimal(one, "x"))
    assert.deepStrictEqual(plain, ["0.3513", "1", "100", "0.0000001", "0.00004217", "5.5", "-0.0000215"])
    assert.strictEqual(numberText(1e21), "1000000000000000000000")
  })
  it("are times in any form a venue uses", () => {
    assert.deepStrictEqual([1_652_459_225_700, "1652459225700", "2026-07-10T00:00:01.100000Z", null].map(time), [
      1_652_459_225_700,
      1_652_459_225_700,
      1_783_641_601_100,
      null,
    ])
    for (const wrong of [-1, 1.5, "soon", 1e18, {}]) assert.propertyVal(time(wrong), "reason", "bad_time")
  })
  it("are numbers of a sequence only where they are exact", () => {
    assert.deepStrictEqual(["600859600576", 7, 2 ** 60, "x", undefined].map(sequence), [
      600859600576,
      7,
      null,
      null,
      null,
    ])
  })
})

describe("the first look at a frame", () => {
  it("passes what merely speaks of a prototype", () => {
    assert.isNull(screen('{"note":"constructor","x":"\\u00e9"}', 1_000))
  })
  it("stops a forbidden key however it is written", () => {
    for (const key of ["__proto__", "\\u005f\\u005fproto\\u005f\\u005f", "constructor", "prototype"]) {
      assert.strictEqual(screen(`{"a":{"${key}" : 1}}`, 1_000)?.reason, "forbidden_key", key)
    }
  })
})

describe("the way out", () => {
  it("says what was lost before anything else passes again", () => {
    const taken: Array<FeedEvent> = []
    let room = 1
    const outlet = new Outlet("okx", (event) => room-- > 0 && taken.push(event) > 0, () => 5)
    outlet.gaps(["A/USDT"], "sequence")
    outlet.gaps(["A/USDT", "B/USDT"], "checksum")
    room = 10
    outlet.gaps(["C/USDT"], "checksum")
    assert.strictEqual(taken.length, 1)
    assert.deepStrictEqual(outlet.flush(), ["A/USDT", "B/USDT", "C/USDT"])
    outlet.gaps(["D/USDT"], "sequence")
    const said = taken.flatMap((event) => event._tag === "Ticks" ? event.ticks : [])
    assert.deepStrictEqual(said.map((tick) => [tick.instrument, tick.kind === "gap" && tick.reason]), [
      ["A/USDT", "sequence"],
      ["A/USDT", "overflow"],
      ["B/USDT", "overflow"],
      ["C/USDT", "overflow"],
      ["D/USDT", "sequence"],
    ])
    assert.strictEqual(outlet.dropped, 2)
    assert.deepStrictEqual(outlet.flush(), [])
  })
})
