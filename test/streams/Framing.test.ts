/** Framing: frames by time and size, conversion books for every partition, and full books for readers that begin late. */
import { assert, describe, it } from "@effect/vitest"
import { Book } from "../../src/domain/Book.ts"
import * as Frame from "../../src/domain/Frame.ts"
import type { Tick } from "../../src/domain/Tick.ts"
import { book, framesOf, gap, quote, T0 } from "../support/ticks.ts"

const ticksOf = (frames: ReadonlyArray<Frame.Frame>): ReadonlyArray<Frame.FramedTick> =>
  frames.flatMap((frame) => {
    const ticks = Frame.ticks(frame)
    return "_tag" in ticks ? assert.fail(ticks.detail) : ticks
  })
const marked = (frames: ReadonlyArray<Frame.Frame>, mark: Frame.Mark): ReadonlyArray<Tick> =>
  ticksOf(frames).filter((framed) => framed.mark === mark).map(({ tick }) => tick)

const delta = (ms: number, seq: number) =>
  book("okx", "BTC/USDT", T0 + ms, { bids: [[String(seq), "1"]] }, {
    snapshot: false,
    firstSeq: seq,
    seq,
    prevSeq: seq - 1,
  })

describe("Frames", () => {
  it("hold less than 10 ms of ingest time and about 64 KB", () => {
    const dense = Array.from({ length: 3_000 }, () => quote("okx", "BTC/USDT", T0, ["30000.1", "30000.2"]))
    const frames = framesOf(dense)
    assert.isAtLeast(frames.length, 2)
    for (const frame of frames) assert.isAtMost(Frame.encode([frame]).length, 80 * 1024)
    assert.deepStrictEqual(marked(frames, ""), dense)
  })

  it("number themselves within their partition", () => {
    const ticks = ["BTC/USDT", "ETH/USDT"].flatMap((name) =>
      [0, 20].map((ms) => quote("okx", name, T0 + ms, ["1", "2"]))
    )
    const ids = framesOf(ticks.toSorted((a, b) => a.ingestTime - b.ingestTime)).map(Frame.frameId)
    assert.deepStrictEqual(ids.toSorted(), ["test.0-0-0", "test.0-0-1", "test.0-12-0", "test.0-12-1"])
  })
})

describe("A conversion book", () => {
  const usd = (ms: number, bid: string) => quote("okx", "USDT/USD", T0 + ms, [bid, "1.001"])

  it("goes to every partition in use, as a reference", () => {
    const frames = framesOf([quote("okx", "BTC/USDT", T0, ["1", "2"]), usd(1, "0.999")])
    const btc = frames.filter(({ p }) => p === 0)
    assert.deepStrictEqual(marked(btc, "ref"), [usd(1, "0.999")])
  })

  it("is told, as it stands, to a partition that begins later", () => {
    const frames = framesOf([usd(0, "0.998"), usd(1, "0.999"), quote("okx", "BTC/USDT", T0 + 2, ["1", "2"])])
    assert.deepStrictEqual(marked(frames.filter(({ p }) => p === 0), "ref"), [usd(1, "0.999")])
  })

  it("is not told after it broke", () => {
    const frames = framesOf([
      usd(0, "0.998"),
      gap("okx", "USDT/USD", T0 + 1),
      quote("okx", "BTC/USDT", T0 + 2, ["1", "2"]),
    ])
    assert.deepStrictEqual(marked(frames.filter(({ p }) => p === 0), "ref"), [])
  })
})

describe("A full book", () => {
  it("follows every ten seconds, marked as a repeat, equal to what the deltas made", () => {
    const snapshot = book("okx", "BTC/USDT", T0, { bids: [["1", "1"]], asks: [["900", "1"]] }, { seq: 1 })
    const deltas = Array.from({ length: 50 }, (_, at) => delta((at + 1) * 500, at + 2))
    const frames = framesOf([snapshot, ...deltas])
    const refreshes = marked(frames, "refresh")
    assert.deepStrictEqual(refreshes.map(({ ingestTime }) => ingestTime - T0), [10_000, 20_000])
    const rebuilt = new Book()
    for (const event of [snapshot, ...deltas.slice(0, 20)]) rebuilt.apply(event)
    const [refresh] = refreshes
    assert.deepInclude(refresh, { snapshot: true, seq: 21, bids: rebuilt.bids.levels(), asks: rebuilt.asks.levels() })
    assert.deepStrictEqual(marked(frames, ""), [snapshot, ...deltas])
  })
})
