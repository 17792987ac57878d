/** Frames: what is packed is read back equal, and what is not a frame is refused before anybody uses it. */
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Frame from "../../src/domain/Frame.ts"
import type { Tick } from "../../src/domain/Tick.ts"
import { integers, ticks } from "../support/generators.ts"
import { book, framesOf, quote, T0 } from "../support/ticks.ts"

const frameOf = (all: ReadonlyArray<Tick>, marks: ReadonlyArray<Frame.Mark> = []): Frame.Frame => {
  const builder = new Frame.FrameBuilder("w.1", 3, "recorded")
  all.forEach((tick, at) => builder.push(tick, marks[at] ?? ""))
  return builder.take()
}

const onlyFrame = (decoded: ReturnType<typeof Frame.decode>): Frame.Frame => {
  assert.isTrue(Array.isArray(decoded))
  const [frame] = "_tag" in decoded ? [] : decoded
  assert.isDefined(frame)
  return frame
}

const quotes = [
  quote("okx", "BTC/USDT", T0, ["1", "2"]),
  quote("okx", "BTC/USDT", T0 + 3, ["1", "2"], { venueTime: T0 + 5, seq: 8 }),
]

const bestFirst = (tick: Tick): Tick =>
  tick.kind !== "book" ? tick : {
    ...tick,
    bids: tick.bids.toSorted(([a], [b]) => Number(b) - Number(a)),
    asks: tick.asks.toSorted(([a], [b]) => Number(a) - Number(b)),
  }

describe("A frame", () => {
  it.prop(
    "encoded and decoded gives equal ticks in equal order, levels best first",
    [Arbitrary.array(ticks, { maxLength: 12 })],
    ([all]) => {
      const frame = onlyFrame(Frame.decode(Frame.encode([frameOf(all)])))
      assert.deepStrictEqual(Frame.ticks(frame), all.map((tick) => ({ tick: bestFirst(tick), mark: "" })))
    },
    { arbitrary: { runs: 300 } },
  )

  it("keeps marks, its writer, its number and where its data comes from", () => {
    const builder = new Frame.FrameBuilder(Frame.writerName("host-7", 4), 3, "simulated")
    const [first, second] = quotes
    assert.isDefined(first)
    assert.isDefined(second)
    builder.push(first, "ref")
    assert.strictEqual(builder.size, 1)
    assert.strictEqual(Frame.frameId(builder.take()), "host-7.4-3-0")
    builder.push(second, "refresh")
    const frame = onlyFrame(Frame.decode(Frame.encode([builder.take()])))
    assert.deepInclude(frame, { w: "host-7.4", n: 1, p: 3, f: "simulated", t: T0 + 3 })
    assert.deepStrictEqual(Frame.ticks(frame), [{ tick: second, mark: "refresh" }])
  })

  it("names each series once, however many ticks it has", () => {
    assert.deepStrictEqual(frameOf(quotes).d, ["okx|BTC/USDT|quote"])
    assert.deepStrictEqual(Frame.parseSeries("okx|BTC/USDT|book|refresh"), {
      venue: "okx",
      instrument: "BTC/USDT",
      kind: "book",
      mark: "refresh",
    })
    for (const text of ["okx|BTC/USDT", "okx|BTC/USDT|tock", "okx|BTC/USDT|book|other", ""]) {
      assert.isNull(Frame.parseSeries(text), text)
    }
  })

  it.prop(
    "estimates its size well enough to be cut by it",
    [Arbitrary.array(ticks, { minLength: 20, maxLength: 40 })],
    ([all]) => {
      const builder = new Frame.FrameBuilder("w.1", 3, "recorded")
      for (const tick of all) builder.push(tick)
      const estimated = builder.bytes
      assert.isAtLeast(estimated * 2 + 400, Frame.encode([builder.take()]).length)
    },
    { arbitrary: { runs: 30 } },
  )
})

describe("A message of frames", () => {
  it("holds frames of one partition in order, about as large as asked, under the id of its first", () => {
    const of = (partition: number, n: number) => {
      const builder = new Frame.FrameBuilder("w.1", partition, "live")
      for (let k = 0; k <= n; k++) {
        for (const tick of quotes) builder.push(tick)
        if (k < n) builder.take()
      }
      return builder.take()
    }
    const frames = [of(1, 0), of(2, 0), of(1, 1), of(1, 2), of(2, 1)]
    const line = Frame.toLine(of(1, 0)).length
    const packed = Frame.pack(frames, line * 2 + 10).toSorted((one, other) => other.ticks - one.ticks)
    assert.deepStrictEqual(packed.map(({ id, partition, ticks }) => [partition, id, ticks]), [
      [1, "w.1-1-0", 4],
      [2, "w.1-2-0", 4],
      [1, "w.1-1-2", 2],
    ])
    for (const { data, partition } of packed) {
      const decoded = Frame.decode(data)
      assert.isFalse("_tag" in decoded)
      if (!("_tag" in decoded)) assert.isTrue(decoded.every((frame) => frame.p === partition))
    }
  })

  const broken: ReadonlyArray<readonly [why: string, change: Readonly<Record<string, unknown>>]> = [
    ["another version", { v: 2 }],
    ["no writer", { w: 7 }],
    ["a counter that is not whole", { n: 0.5 }],
    ["an unknown source", { f: "dreamt" }],
    ["a column missing", { q: null }],
    ["columns of unequal length", { i: [] }],
    ["prices without sizes", { B: [] }],
  ]
  for (const [why, change] of broken) {
    it(`is refused with ${why}`, () => {
      const decoded = Frame.decode(new TextEncoder().encode(JSON.stringify({ ...frameOf(quotes), ...change })))
      assert.deepInclude(decoded, { _tag: "BadTick", reason: "wrong_type" })
    })
  }

  it("is refused when it is no JSON, such as one cut short", () => {
    const whole = Frame.encode([frameOf(quotes)])
    assert.deepInclude(Frame.decode(whole.slice(0, -3)), { _tag: "BadTick", reason: "not_json" })
    assert.deepInclude(Frame.decode(new Uint8Array()), { _tag: "BadTick", reason: "not_json" })
  })

  it.prop("whose columns were tampered with never yields a tick that the codec would refuse", [
    integers(0, 6),
    integers(0, 4),
  ], ([column, value]) => {
    const frame = { ...frameOf([...quotes, book("okx", "BTC/USDT", T0 + 4, { bids: [["1", "1"]] })]) }
    const odd = ["x", "-1", "1e400", null, 5][value]
    const name = (["d", "s", "q", "b", "B", "a", "A"] as const)[column] ?? "b"
    const tampered: unknown = { ...frame, [name]: frame[name].map(() => odd) }
    const decoded = Frame.decode(new TextEncoder().encode(JSON.stringify(tampered)))
    if ("_tag" in decoded) return
    const read = Frame.ticks(onlyFrame(decoded))
    if ("_tag" in read) assert.strictEqual(read._tag, "BadTick")
    else for (const { tick } of read) assert.isTrue(tick.kind !== "quote" || tick.bid === "1")
  })
})

describe("A book in a frame", () => {
  it("is checked in its structure for the hot path", () => {
    const fields = { snapshot: true, firstSeq: null, prevSeq: null, bids: "1 2 0.9 4", asks: "" }
    assert.deepStrictEqual(Frame.bookEvent(fields), fields)
    const wrong = [
      { snapshot: 1 },
      { firstSeq: "1" },
      { bids: "1" },
      { bids: "1 2 3" },
      { bids: "1  2" },
      { bids: " 1" },
      { bids: [["1", "2"]] },
      { asks: null },
      { prevSeq: 0.5 },
    ]
    for (const change of wrong) {
      assert.isNull(Frame.bookEvent({ ...fields, ...change }))
    }
    assert.isNull(Frame.bookEvent(undefined))
  })
})

describe("Ticks over time", () => {
  it("become one frame for each 10 ms of ingest time", () => {
    const all = [0, 3, 9, 10, 12, 25].map((ms) => quote("okx", "BTC/USDT", T0 + ms, ["1", "2"]))
    assert.deepStrictEqual(framesOf(all).map((frame) => frame.s.length), [3, 2, 1])
  })
})
