/** Frames as lines: the same ticks as the codecs give, each once, whatever is in them. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import * as Frame from "../../../src/domain/Frame.ts"
import type { Tick } from "../../../src/domain/Tick.ts"
import * as TickCodec from "../../../src/domain/TickCodec.ts"
import { FrameLines } from "../../../src/streams/archive/FrameLines.ts"
import { LineBuffer } from "../../../src/streams/archive/LineBuffer.ts"
import { Framing } from "../../../src/streams/Framing.ts"
import { idOf, recordOf } from "../../support/archived.ts"
import { integers, ticks } from "../../support/generators.ts"
import { book, quote, T0 } from "../../support/ticks.ts"

const decoder = new TextDecoder()

const archived = (data: Uint8Array) => {
  const files = new Map<string, LineBuffer>(), lines = new FrameLines()
  const count = lines.take("md1-7", data, (group) => {
    const buffer = files.get(group) ?? new LineBuffer()
    files.set(group, buffer)
    return buffer
  })
  const written = [...files.values()].flatMap(({ bytes }) =>
    decoder.decode(bytes).split("\n").filter((line) => line !== "")
  )
  return { count, groups: [...files.keys()], unreadable: lines.unreadable, lines: written }
}

const decoded = (line: string): Tick => {
  const tick = TickCodec.fromLine(line)
  if (TickCodec.isBad(tick)) throw new Error(`${tick.reason}: ${tick.detail}: ${line}`)
  return tick
}

/** As the generic codec reads it. */
const expected = (frames: ReadonlyArray<Frame.Frame>): ReadonlyArray<Tick> =>
  frames.flatMap((frame) => {
    const framed = Frame.ticks(frame)
    if ("_tag" in framed) throw new Error(framed.detail)
    return framed.filter(({ mark }) => mark !== "ref").map(({ tick }) => tick)
  })

const byText = (all: ReadonlyArray<Tick>) => all.map((tick) => JSON.stringify(Object.entries(tick).sort())).sort()

describe("Lines of frames", () => {
  it.effect.prop(
    "decode to the ticks that the codec of frames reads",
    [Arbitrary.array(ticks)],
    ([some]) =>
      Effect.sync(() => {
        const framing = new Framing("w.1", "live")
        for (const tick of some) framing.push(tick)
        framing.flush()
        const frames = framing.take()
        if (frames.length === 0) return
        const { count, lines, unreadable } = archived(Frame.encode(frames))
        assert.strictEqual(unreadable, 0)
        assert.strictEqual(lines.length, count)
        assert.deepStrictEqual(byText(lines.map(decoded)), byText(expected(frames)))
        assert.strictEqual(new Set(lines.map(idOf)).size, lines.length)
      }),
    { arbitrary: { runs: 150 } },
  )

  it.effect.prop(
    "write every whole number as JSON does",
    [integers(0, Number.MAX_SAFE_INTEGER)],
    ([value]) =>
      Effect.sync(() => {
        const buffer = new LineBuffer()
        for (const one of [value, value % 1e8, 1e8, 99_999_999, -value]) {
          buffer.clear()
          buffer.int(one)
          assert.strictEqual(decoder.decode(buffer.bytes), String(one))
        }
      }),
    { arbitrary: { runs: 300 } },
  )

  it("are told apart by market and hour, and marked with their source", () => {
    const framing = new Framing("w.1", "simulated", { venues: true })
    framing.push(quote("okx", "BTC/USDT", T0, ["1", "2"]))
    framing.push(quote("okx", "BTC/USDT:USDT", T0, ["1", "2"]))
    framing.push(quote("okx", "BTC/USDT", T0 + 3_600_000, ["1", "2"]))
    framing.flush()
    const frames = framing.take()
    const { groups, lines } = archived(Frame.encode(frames))
    assert.lengthOf(groups, 3)
    assert.lengthOf(lines, 3, "what is framed by venue as well is archived once")
    assert.isTrue(lines.every((line) => line.includes('"source":"simulated"')))
  })

  it("of a book that was told again say so", () => {
    const framing = new Framing("w.1", "live")
    const levels = { bids: [["1", "1"]] as const, asks: [["2", "1"]] as const }
    for (let at = 0; at <= 11; at++) {
      framing.push(book("okx", "BTC/USDT", T0 + at * 1_000, levels, { snapshot: at === 0, seq: at }))
    }
    framing.flush()
    const { lines } = archived(Frame.encode(framing.take()))
    assert.lengthOf(lines.filter((line) => line.includes('"mark":"refresh"')), 1)
    assert.deepStrictEqual(recordOf(lines[0] ?? ""), { ...book("okx", "BTC/USDT", T0, levels, { seq: 0 }) })
  })

  it("of what is no frame are none, and it is counted", () => {
    const { count, unreadable } = archived(new TextEncoder().encode('{"v":2}'))
    assert.deepStrictEqual([count, unreadable], [0, 1])
  })
})
