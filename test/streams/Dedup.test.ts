/** The life of an opportunity: opened, improved, fading, closed, expired, with hysteresis and without, by ticks alone. */
import { assert, describe, it } from "@effect/vitest"
import type { DetectConfig } from "../../src/domain/DetectConfig.ts"
import type { Opportunity } from "../../src/domain/Opportunity.ts"
import type { Tick } from "../../src/domain/Tick.ts"
import { Analysis } from "../../src/streams/Analysis.ts"
import { opportunityId, settingsVersion } from "../../src/streams/Dedup.ts"
import { configOf, framesOf, gap, heartbeat, quote, T0 } from "../support/ticks.ts"

/** Every transition of these ticks. */
const livesOf = (ticks: ReadonlyArray<Tick>, config: DetectConfig): ReadonlyArray<Opportunity> =>
  new Analysis(config).frames(framesOf(ticks), 1)

/** State, instant (of one that fades: when it last held) and revision. */
const shown = (transitions: ReadonlyArray<Opportunity>) =>
  transitions.map(({ at, revision, state }) => [state, at - T0, revision])

const sticky = configOf({ hysteresis: true, minNetBps: 5 })

/** "a" asks 10000; "b" bids that much more, in basis points. */
const a = (ms = 0) => quote("a", "BTC/USDT", T0 + ms, ["9990", "10000"])
const b = (ms: number, bps: number, bidSize = "1") =>
  quote("b", "BTC/USDT", T0 + ms, [String(10_000 + bps), "10999"], { bidSize })
/** Time passes: another asset of the same partition ticks. */
const quiet = (ms: number) => heartbeat("c", "BTC/EUR", T0 + ms)

describe("With hysteresis an opportunity", () => {
  it("opens strictly above the threshold", () => {
    assert.deepStrictEqual(shown(livesOf([a(), b(1, 5)], sticky)), [])
    assert.deepStrictEqual(shown(livesOf([a(), b(1, 6)], sticky)), [["opened", 1, 1]])
  })

  it("improves when it earns a fifth more than what was told last, and not before", () => {
    const transitions = livesOf([a(), b(1, 10), b(2, 11), b(3, 12), b(4, 14), b(5, 14.4)], sticky)
    assert.deepStrictEqual(shown(transitions), [["opened", 1, 1], ["improved", 3, 2], ["improved", 5, 3]])
    assert.deepStrictEqual(transitions.map(({ netProfit }) => netProfit), ["10", "12", "14.4"])
    assert.deepStrictEqual(transitions.map(({ checks }) => checks), [1, 3, 5])
  })

  it("holds between half the threshold and the threshold, where it fades but never closes", () => {
    const holding = Array.from({ length: 20 }, (_, at) => b(100 * (at + 1), 4))
    assert.deepStrictEqual(shown(livesOf([a(), b(1, 6), ...holding], sticky)), [["opened", 1, 1], ["fading", 100, 2]])
  })

  it("closes once it stood below half the threshold for half a second, at that instant", () => {
    const transitions = livesOf([a(), b(1, 6), b(100, 1), b(599, 2.5), b(700, 1)], sticky)
    assert.deepStrictEqual(shown(transitions), [["opened", 1, 1], ["fading", 1, 2], ["closed", 600, 3]])
    assert.include(transitions.at(-1)?.reasons ?? [], "closed: below_threshold")
  })

  it("is saved by one check at half the threshold or more within the half second", () => {
    const transitions = livesOf([a(), b(1, 6), b(100, 1), b(500, 4), b(700, 1), b(1_100, 1), b(1_150, 6)], sticky)
    assert.deepStrictEqual(shown(transitions), [["opened", 1, 1], ["fading", 1, 2]])
  })

  it("closes by the passing of time alone when nobody speaks of it any more", () => {
    const transitions = livesOf([a(), b(1, 6), b(100, 1), quiet(650)], sticky)
    assert.deepStrictEqual(shown(transitions), [["opened", 1, 1], ["fading", 1, 2], ["closed", 600, 3]])
  })

  it("expires when it was not seen for 30 seconds", () => {
    const transitions = livesOf([a(), b(1, 6), quiet(30_001), quiet(30_100)], sticky)
    assert.deepStrictEqual(shown(transitions), [["opened", 1, 1], ["closed", 30_001, 2]])
    assert.include(transitions.at(-1)?.reasons ?? [], "closed: expired")
  })

  it("is told again every ten seconds while it lives unchanged, with its new expiry", () => {
    const ticks = Array.from({ length: 23 }, (_, at) => b(1 + at * 1_000, 6))
    const transitions = livesOf([a(), ...ticks], sticky)
    assert.deepStrictEqual(shown(transitions), [["opened", 1, 1], ["opened", 10_001, 2], ["opened", 20_001, 3]])
    assert.strictEqual(transitions.at(-1)?.expiresAt, T0 + 50_001)
  })

  it("is a new one, with an id of its own, when it comes again after it closed", () => {
    const transitions = livesOf([a(), b(1, 6), b(100, 1), b(700, 1), b(800, 6)], sticky)
    const opened = transitions.filter(({ revision }) => revision === 1)
    assert.strictEqual(opened.length, 2)
    assert.notStrictEqual(opened[0]?.id, opened[1]?.id)
    assert.strictEqual(opened[0]?.fingerprint, opened[1]?.fingerprint)
  })

  it("fades at a gap and closes half a second later, whatever was quoted last", () => {
    const transitions = livesOf([a(), b(1, 6), gap("b", "BTC/USDT", T0 + 50), quiet(600)], sticky)
    assert.deepStrictEqual(shown(transitions), [["opened", 1, 1], ["fading", 1, 2], ["closed", 550, 3]])
  })

  it("keeps the figures of its best revision: the greatest net profit, then the earliest", () => {
    const transitions = livesOf([a(), b(1, 10), b(2, 11), b(3, 8), b(4, 11), b(100, 1), b(700, 1)], sticky)
    assert.deepInclude(transitions.at(-1), { state: "closed", netProfit: "11", netBps: "11", checks: 4 })
    assert.strictEqual(transitions.at(-1)?.lastAt, T0 + 4)
  })
})

describe("Without hysteresis an opportunity", () => {
  const plain = configOf({ minNetBps: 5 })

  it("is an unbroken run of checks above the threshold", () => {
    const transitions = livesOf([a(), b(1, 6), b(2, 9), b(3, 7), b(4, 5), b(5, 8), b(6, 1)], plain)
    assert.deepStrictEqual(shown(transitions), [["opened", 1, 1], ["closed", 4, 2], ["opened", 5, 1], ["closed", 6, 2]])
    assert.deepInclude(transitions[1], { checks: 3, firstAt: T0 + 1, lastAt: T0 + 3, netProfit: "9" })
  })

  it("never expires by silence, for a recording may have long pauses", () => {
    assert.deepStrictEqual(shown(livesOf([a(), b(1, 6), quiet(3_600_000)], plain)), [["opened", 1, 1]])
  })

  it("ends at a gap", () => {
    const transitions = livesOf([a(), b(1, 6), gap("b", "BTC/USDT", T0 + 50)], plain)
    assert.deepStrictEqual(shown(transitions), [["opened", 1, 1], ["closed", 50, 2]])
    assert.include(transitions.at(-1)?.reasons ?? [], "closed: broken_sequence")
  })
})

describe("The id of an opportunity", () => {
  const trigger = { venue: "a", instrument: "BTC/USDT", kind: "quote", ingestTime: T0, ordinal: 0 } as const

  it("is the first half of a SHA-256 of fingerprint and triggering tick, the same everywhere", () => {
    assert.strictEqual(opportunityId("f", trigger), opportunityId("f", { ...trigger }))
    assert.match(opportunityId("f", trigger), /^[0-9a-f]{32}$/)
    const others = [{ venue: "b" }, { kind: "book" }, { ingestTime: T0 + 1 }, { ordinal: 1 }, {
      instrument: "A/B",
    }] as const
    const ids = others.map((change) => opportunityId("f", { ...trigger, ...change }))
    assert.strictEqual(new Set([opportunityId("f", trigger), opportunityId("g", trigger), ...ids]).size, 7)
  })

  it("tells two ticks of one millisecond apart", () => {
    const twice = [a(), b(1, 6), b(1, 1), b(1, 6), b(1, 1)]
    const opened = livesOf(twice, configOf({ minNetBps: 5 })).filter(({ revision }) => revision === 1)
    assert.strictEqual(new Set(opened.map(({ id }) => id)).size, 2)
  })

  it("carries the version of the settings it was found under", () => {
    const [found] = livesOf([a(), b(1, 6)], sticky)
    assert.strictEqual(found?.settingsVersion, settingsVersion(sticky))
    assert.notStrictEqual(settingsVersion(sticky), settingsVersion(configOf()))
  })
})

describe("What is simulated", () => {
  it("is marked so", () => {
    const simulated = new Analysis(sticky).frames(framesOf([a(), b(1, 6)], "simulated"), 1)
    assert.strictEqual(simulated[0]?.simulated, true)
    assert.strictEqual(livesOf([a(), b(1, 6)], sticky)[0]?.simulated, false)
  })
})
