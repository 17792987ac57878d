/**
 * Several writers' frames become the order of one: whatever the bus did to their messages within 20 ms, and wherever
 * the analysis was killed.
 */
import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { type Frame, FrameBuilder, ticks as ticksOf } from "../../src/domain/Frame.ts"
import { partitionOf } from "../../src/domain/Instrument.ts"
import type { Opportunity } from "../../src/domain/Opportunity.ts"
import type { Tick } from "../../src/domain/Tick.ts"
import { Analysis, AnalysisState } from "../../src/streams/Analysis.ts"
import { Framing } from "../../src/streams/Framing.ts"
import { beginOf, Merge, type Merged, MergeState, type Stored } from "../../src/streams/Merge.ts"
import { integers } from "../support/generators.ts"
import { marketOf, type Step, steps } from "../support/randomMarket.ts"
import { configOf, heartbeat, quote, T0 } from "../support/ticks.ts"

const BTC = partitionOf("BTC")
const config = configOf({ hysteresis: true, minNetBps: 5, parity: { "USDT/USD": "1" } })

interface Message extends Stored {
  readonly frames: ReadonlyArray<Frame>
}

/** A message of one frame of one writer. */
const message = (sequence: number, storedAtMs: number, writer: string, ...ticks: ReadonlyArray<Tick>): Message => {
  const builder = new FrameBuilder(writer, BTC, "recorded")
  for (const tick of ticks) builder.push(tick)
  return { frames: [builder.take()], sequence, storedAtMs }
}

const tick = (venue: string, atMs: number, seq: number | null = null) =>
  quote(venue, "BTC/USDT", T0 + atMs, ["9999", "10000"], { seq })

/** "venue@ms" of what left, in order. */
const named = (merged: ReadonlyArray<Merged>): ReadonlyArray<string> =>
  merged.flatMap(({ frames }) =>
    frames.flatMap((frame) => {
      const framed = ticksOf(frame)
      if ("_tag" in framed) throw new Error(framed.detail)
      return framed.map(({ tick }) => `${tick.venue}@${tick.ingestTime - T0}`)
    })
  )

const pushed = (merge: Merge, ...messages: ReadonlyArray<Message>): ReadonlyArray<string> =>
  messages.flatMap((each) => {
    assert.isNull(merge.push(each.frames, each))
    return named(merge.take())
  })

/** Two writers known, and nothing waits. */
const ofTwo = (): Merge => {
  const merge = new Merge()
  pushed(merge, message(1, T0, "w1.0", tick("a", 0)), message(2, T0, "w2.0", tick("b", 0)))
  merge.silence()
  merge.take()
  return merge
}

describe("Frames of one writer", () => {
  it("pass at once and untouched, though ingest times step back", () => {
    const merge = new Merge()
    for (const [at, atMs] of [5_000, 4_000, 4_001, 0, 60_000, 0].entries()) {
      const each = message(at + 1, T0, "w1.0", tick("b", atMs), tick("a", atMs - 3))
      merge.push(each.frames, each)
      const [merged, ...others] = merge.take()
      assert.strictEqual(merged?.frames[0], each.frames[0])
      assert.strictEqual(merged?.sequence, at + 1)
      assert.deepStrictEqual(others, [])
      assert.deepInclude(merge, { waiting: 0 })
    }
    assert.strictEqual(merge.takeLate(), 0)
  })
})

describe("Frames of several writers", () => {
  it("leave by ingest time, venue and sequence once the partition is 20 ms beyond them", () => {
    const merge = ofTwo()
    assert.deepStrictEqual(pushed(merge, message(3, T0, "w2.0", tick("b", 10), tick("d", 12, 8))), [])
    assert.deepStrictEqual(pushed(merge, message(4, T0, "w1.0", tick("c", 10), tick("d", 12, 7), tick("a", 30))), [])
    assert.deepStrictEqual(pushed(merge, message(5, T0, "w1.0", tick("a", 33))), ["b@10", "c@10", "d@12", "d@12"])
    assert.strictEqual(merge.takeLate(), 0)
  })

  it("keep the order of their writer where its time steps back", () => {
    const merge = ofTwo()
    pushed(merge, message(3, T0, "w1.0", tick("a", 20), tick("a", 15)), message(4, T0, "w2.0", tick("b", 17)))
    assert.deepStrictEqual(pushed(merge, message(5, T0, "w2.0", tick("b", 60))), ["b@17", "a@20", "a@15"])
  })

  it("leave at once and are counted when they come later than the watermark", () => {
    const merge = ofTwo()
    assert.deepStrictEqual(pushed(merge, message(3, T0, "w1.0", tick("a", 10), tick("a", 100))), ["a@10"])
    const behind = message(4, T0, "w2.0", tick("b", 5), tick("b", 9), tick("b", 80))
    assert.deepStrictEqual(pushed(merge, behind), ["b@5", "b@9"])
    assert.strictEqual(merge.takeLate(), 2)
    assert.strictEqual(merge.takeLate(), 0)
  })

  it("are late where a writer nobody knew of comes behind what has left", () => {
    const merge = new Merge()
    pushed(merge, message(1, T0, "w1.0", tick("a", 100)))
    assert.deepStrictEqual(pushed(merge, message(2, T0, "w2.0", tick("b", 99), tick("b", 100))), ["b@99"])
    assert.strictEqual(merge.takeLate(), 1)
  })

  it("wait no longer than 20 ms of the bus's time, though no other frame of their partition comes", () => {
    const merge = ofTwo()
    assert.deepStrictEqual(pushed(merge, message(3, T0 + 10, "w1.0", tick("a", 10))), [])
    const elsewhere = (sequence: number, storedAtMs: number): Message => {
      const builder = new FrameBuilder("w1.0", BTC + 1, "recorded")
      builder.push(heartbeat("z", "ETH/USDT", T0))
      return { frames: [builder.take()], sequence, storedAtMs }
    }
    assert.deepStrictEqual(pushed(merge, elsewhere(4, T0 + 30)), ["z@0"])
    assert.deepStrictEqual(pushed(merge, elsewhere(5, T0 + 31)), ["a@10", "z@0"])
  })

  it("leave when nothing more comes, and say up to where everything has", () => {
    const merge = ofTwo()
    pushed(merge, message(3, T0, "w1.0", tick("a", 10)), message(4, T0, "w2.0", tick("b", 9)))
    assert.strictEqual(merge.waiting, 2)
    assert.strictEqual(merge.settled(4), 2)
    merge.silence()
    assert.deepStrictEqual(named(merge.take()), ["b@9", "a@10"])
    assert.strictEqual(merge.waiting, 0)
    assert.strictEqual(merge.settled(4), 4)
  })

  it("are again those of one writer when the other has been silent for 30 s", () => {
    const merge = ofTwo()
    assert.deepStrictEqual(pushed(merge, message(3, T0, "w1.0", tick("a", 30_000))), [])
    assert.deepStrictEqual(pushed(merge, message(4, T0, "w1.0", tick("a", 30_001))), ["a@30000", "a@30001"])
    assert.deepStrictEqual(pushed(merge, message(5, T0, "w1.0", tick("a", 30_002))), ["a@30002"])
  })

  it("begin anew where recorded data is played again by another writer", () => {
    const merge = ofTwo()
    pushed(merge, message(3, T0, "w1.0", tick("a", 3_600_000)), message(4, T0, "w2.0", tick("b", 3_600_001)))
    const again = [message(5, T0, "w3.0", tick("a", 0)), message(6, T0, "w3.0", tick("b", 1))]
    assert.deepStrictEqual(pushed(merge, ...again), ["b@3600001", "a@0", "b@1"])
    assert.strictEqual(merge.takeLate(), 0)
  })

  it("leave early, oldest first, when 16,384 of a partition wait", () => {
    const merge = ofTwo()
    const many = Array.from({ length: 16_384 }, (_, at) => tick("a", 1 + at % 2, at))
    assert.deepStrictEqual(pushed(merge, message(3, T0, "w1.0", ...many)), [])
    assert.deepStrictEqual(pushed(merge, message(4, T0, "w2.0", tick("b", 2), tick("b", 2))), ["a@1", "a@2"])
  })

  it("lose none to a frame of another that cannot be read", () => {
    const merge = ofTwo()
    pushed(merge, message(3, T0, "w1.0", tick("a", 10)))
    const broken = message(4, T0, "w2.0", quote("b", "BTC/USDT", T0 + 11, ["abc", "10000"]))
    assert.strictEqual(merge.push(broken.frames, broken)?.reason, "bad_decimal")
    merge.silence()
    assert.deepStrictEqual(named(merge.take()), ["a@10"])
  })
})

/** A script's ticks as one ingest would have them, with every venue heard of from the beginning on. */
const wholeMarket = (script: ReadonlyArray<Step>): ReadonlyArray<Tick> => {
  const market = marketOf(script, true)
  const end = market.at(-1)?.ingestTime ?? T0
  const heard: Array<Tick> = []
  for (let at = T0 - 1_000; at < end; at += 5_000) {
    for (const [n, venue] of [..."abc"].entries()) heard.push(heartbeat(venue, "BTC/USDT", at + 50 * n))
  }
  return [...heard, ...market].sort((a, b) =>
    a.ingestTime - b.ingestTime || (a.venue < b.venue ? -1 : +(a.venue > b.venue))
  )
}

const btcFramesOf = (writer: string, ticks: ReadonlyArray<Tick>): ReadonlyArray<Frame> => {
  const framing = new Framing(writer, "recorded")
  for (const each of ticks) framing.push(each)
  framing.flush()
  return framing.take().filter(({ p }) => p === BTC)
}

/** Venues "a" and "c" have an owner each; "b" changes hands. */
const ownerOf = ({ ingestTime, venue }: Tick, writers: number, handedOverAt: number): number => {
  if (venue !== "b") return venue === "a" ? 0 : writers - 1
  return ingestTime < handedOverAt ? writers - 2 : writers - 1
}

/** The bus stores each frame up to 11 ms after its last tick: with the frame's own 10 ms, within the watermark. */
const busOf = (
  market: ReadonlyArray<Tick>,
  writers: number,
  handedOverAt: number,
  delays: ReadonlyArray<number>,
): ReadonlyArray<Message> => {
  const stored = Array.from({ length: writers }, (_, writer) => {
    let busy = 0
    const own = market.filter((each) => ownerOf(each, writers, handedOverAt) === writer)
    return btcFramesOf(`w${writer}.0`, own).map((frame, at) => {
      const delay = delays[(at * writers + writer) % delays.length] ?? 0
      busy = Math.max(busy, frame.t + (frame.i.at(-1) ?? 0) + delay)
      return { frames: [frame], storedAtMs: busy }
    })
  })
  return stored.flat().sort((a, b) => a.storedAtMs - b.storedAtMs).map((each, at) => ({ ...each, sequence: at + 1 }))
}

const AsJson = Schema.fromJsonString(Schema.Struct({ analysis: AnalysisState, merge: MergeState }))

/** What a process does, as streams/Analyse.ts does it. */
class Process {
  merge = new Merge()
  analysis = new Analysis(config)
  readonly told: Array<Opportunity> = []
  /** The ticks analysed. */
  readonly left: Array<string> = []

  push(each: Message): void {
    this.merge.push(each.frames, each)
    this.release()
  }

  finish(): ReadonlyArray<Opportunity> {
    this.merge.silence()
    this.release()
    return [...this.told, ...this.analysis.finish()]
  }

  snapshot(): string {
    return Schema.encodeSync(AsJson)({ analysis: this.analysis.snapshot(), merge: this.merge.snapshot() })
  }

  /** Killed after the message of this sequence; the next one goes on from the snapshot. */
  restart(saved: string, messages: ReadonlyArray<Message>, sequence: number): void {
    const { analysis, merge } = Schema.decodeSync(AsJson)(saved)
    this.analysis = new Analysis(config)
    this.merge = new Merge()
    this.analysis.restore(analysis)
    this.merge.restore(merge)
    const waiting = Option.getOrElse(beginOf(merge), () => sequence + 1)
    const begin = Math.min(analysis.rewindTo ?? sequence + 1, waiting)
    const rewind = (merged: ReadonlyArray<Merged>) => {
      for (const each of merged) this.analysis.rewind(each.frames, each.sequence)
    }
    for (const each of messages.slice(begin - 1, sequence)) {
      this.merge.push(each.frames, each)
      rewind(this.merge.take())
    }
    rewind(this.merge.rewound())
    this.analysis.resume()
  }

  release(): void {
    const merged = this.merge.take()
    this.left.push(...named(merged))
    for (const each of merged) this.told.push(...this.analysis.frames(each.frames, each.sequence))
  }
}

/** Routes that time alone closes at the same frame's end close in the order of their checks: frames decide it. */
const byRoute = (transitions: ReadonlyArray<Opportunity>) => Map.groupBy(transitions, ({ fingerprint }) => fingerprint)

const delays = Arbitrary.array(integers(0, 11), { minLength: 1, maxLength: 20 })
const handovers = Arbitrary.map(integers(0, 4_000), (ms) => T0 + ms)

/** Killed after a message or not, the same is told and the same ticks are analysed in the same order. */
const assertSameWhenKilled = (messages: ReadonlyArray<Message>, killedAt: number, silentEvery: number): void => {
  const play = (killed: boolean) => {
    const process = new Process()
    const kill = (sequence: number) => {
      if (killed && sequence === killedAt) process.restart(process.snapshot(), messages, sequence)
    }
    kill(0)
    for (const each of messages) {
      process.push(each)
      if (each.sequence % silentEvery === 0) process.merge.silence()
      kill(each.sequence)
      process.release()
    }
    return { told: process.finish(), left: process.left }
  }
  assert.deepStrictEqual(play(true), play(false))
}

describe("The messages of two or three writers of a random market", () => {
  it.prop(
    "bring about what one writer's would, however the bus orders them within the watermark",
    [steps, integers(2, 3), handovers, delays],
    ([script, writers, handedOverAt, delays]) => {
      const market = wholeMarket(script)
      const single = new Analysis(config)
      const expected = [...single.frames(btcFramesOf("one.0", market), 1), ...single.finish()]
      const process = new Process()
      for (const each of busOf(market, writers, handedOverAt, delays)) process.push(each)
      assert.deepStrictEqual(byRoute(process.finish()), byRoute(expected))
      assert.strictEqual(process.merge.takeLate(), 0)
    },
    { arbitrary: { runs: 500 } },
  )

  it("bring about the same when killed between ticks of two writers of which one was known long before", () => {
    const market: ReadonlyArray<Step> = [[1, 0, 0, 0, 0], [1, 3, 16, 0, 0], [0, 2, 13, 7, 1], [1, 0, 10, 0, 0], [
      0,
      0,
      0,
      0,
      0,
    ]]
    assertSameWhenKilled(busOf(wholeMarket(market), 2, T0 + 1, [8, 0, 0, 0, 20, 8]), 6, 9)
  })

  it.prop(
    "bring about the same when the analysis is killed at any of them, also while it was silent",
    [steps, integers(2, 3), handovers, delays, integers(0, 200), integers(2, 9)],
    ([script, writers, handedOverAt, delays, where, silentEvery]) => {
      const messages = busOf(wholeMarket(script), writers, handedOverAt, delays.map((delay) => delay * 4))
      assertSameWhenKilled(messages, where % (messages.length + 1), silentEvery)
    },
    { arbitrary: { runs: 500 } },
  )
})
