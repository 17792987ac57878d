/** Where a bus differs from what is declared, and what an operator may set of it. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Option } from "effect"
import type { FoundStream, Kept } from "../../src/layers/Bus.ts"
import { MARKET_BUCKET, MARKET_DATA, PEOPLE_BUCKETS, PUBLIC_BUCKETS, SHIPPED } from "../../src/streams/Topology.ts"
import { isUpToDate, planOf } from "../../src/streams/TopologyPlan.ts"
import { topologyOf } from "../../src/streams/TopologySettings.ts"

const MEBIBYTE = 1024 * 1024
const declared = { streams: [MARKET_DATA], buckets: [MARKET_BUCKET] }

const stream = (changes: Partial<Kept> = {}, name = MARKET_DATA.name): FoundStream => ({
  name,
  kind: "stream",
  state: { firstSequence: 1, lastSequence: 100, messages: 100, bytes: 100 * MEBIBYTE },
  readers: [],
  kept: {
    subjects: MARKET_DATA.subjects.toReversed(),
    maxBytes: MARKET_DATA.maxBytes,
    maxAgeMs: 86_400_000,
    maxMessages: null,
    maxMessagesPerSubject: null,
    maxMessageBytes: MEBIBYTE,
    dedupWindowMs: 30_000,
    whenFull: "discard_old",
    retention: "limits",
    replicas: 1,
    storage: "file",
    timeToLivePerMessage: null,
    ...changes,
  },
})

const bucket = (changes: Partial<Kept> = {}): FoundStream => ({
  ...stream({
    subjects: [],
    maxBytes: MARKET_BUCKET.maxBytes,
    maxAgeMs: 60_000,
    maxMessagesPerSubject: 1,
    maxMessageBytes: 256 * 1024,
    dedupWindowMs: 60_000,
    whenFull: "refuse",
    ...changes,
  }, MARKET_BUCKET.name),
  kind: "bucket",
})

describe("The plan of streams and buckets", () => {
  it("has nothing to do where all is as declared, in whatever order subjects are told", () => {
    const plan = planOf(declared, [stream(), bucket()])
    assert.isTrue(isUpToDate(plan))
    assert.deepStrictEqual(plan.items.map(({ action }) => action), ["none", "none"])
  })

  it("creates what is not there", () => {
    const plan = planOf(declared, [])
    assert.isFalse(isUpToDate(plan))
    assert.deepStrictEqual(plan.items.map(({ action, name }) => [name, action]), [
      ["MD", "create"],
      ["market_data", "create"],
    ])
  })

  it("tells each limit that differs, from and to, and what a smaller one takes away", () => {
    const found = stream({ maxBytes: null, maxAgeMs: 2 * 86_400_000, maxMessageBytes: null, replicas: 3 })
    const smaller = { streams: [{ ...MARKET_DATA, maxBytes: 40 * MEBIBYTE }], buckets: [] }
    const [item] = planOf(smaller, [found]).items
    assert.strictEqual(item?.action, "update")
    assert.deepStrictEqual(item?.changes, [
      { field: "maxBytes", from: null, to: 40 * MEBIBYTE, inPlace: true, discardsBytes: 60 * MEBIBYTE },
      { field: "maxAgeMs", from: 172_800_000, to: 86_400_000, inPlace: true, discardsBytes: null },
      { field: "maxMessageBytes", from: null, to: MEBIBYTE, inPlace: true, discardsBytes: 0 },
      { field: "replicas", from: 3, to: 1, inPlace: true, discardsBytes: 0 },
    ])
  })

  it("says what only making it anew can change", () => {
    const [item] =
      planOf(declared, [stream({ storage: "memory", retention: "workqueue", maxBytes: 5 }), bucket()]).items
    assert.strictEqual(item?.action, "recreate")
    assert.deepStrictEqual(item?.changes.filter(({ inPlace }) => !inPlace).map(({ field }) => field), [
      "retention",
      "storage",
    ])
  })

  it("asks for a time to live per message only where the server knows of it", () => {
    const wanting = { streams: [{ ...MARKET_DATA, timeToLivePerMessage: true }], buckets: [] }
    const field = (known: boolean | null) =>
      planOf(wanting, [stream({ timeToLivePerMessage: known })]).items[0]?.changes.map((change) => change.field)
    assert.deepStrictEqual([field(null), field(false), field(true)], [[], ["timeToLivePerMessage"], []])
  })

  it("names somebody else's stream on our subjects, and leaves alone what touches none", () => {
    const plan = planOf(declared, [
      stream(),
      bucket(),
      stream({ subjects: ["md.>"] }, "MINE"),
      stream({ subjects: ["orders.>"] }, "ORDERS"),
    ])
    assert.deepStrictEqual(plan.foreign, [{ name: "MINE", subjects: ["md.>"], overlaps: ["MD"] }])
    assert.isFalse(isUpToDate(plan))
  })
})

describe("The limits an operator sets", () => {
  it("take the place of the shipped ones, size and age each by itself", () => {
    const { topology, unreadable } = topologyOf({
      streamLimits: ["MD=8GiB/48h", "EVT=/14d", "market_data=256MiB"],
      streamReplicas: 3,
    })
    assert.deepStrictEqual(unreadable, [])
    const named = (name: string) => topology.streams.find((spec) => spec.name === name)
    assert.strictEqual(named("MD")?.maxBytes, 8 * 1024 * MEBIBYTE)
    assert.strictEqual(Duration.toHours(named("MD")?.maxAge ?? Duration.zero), 48)
    assert.strictEqual(named("EVT")?.maxBytes, 256 * MEBIBYTE)
    assert.strictEqual(Duration.toDays(named("EVT")?.maxAge ?? Duration.zero), 14)
    assert.strictEqual(topology.buckets.find(({ name }) => name === "market_data")?.maxBytes, 256 * MEBIBYTE)
    assert.isTrue([...topology.streams, ...topology.buckets].every(({ replicas }) => replicas === 3))
  })

  it("are told with their variable where they cannot be used", () => {
    const texts = ["MD", "MD=", "MDD=1GiB", "MD=8GB", "MD=0GiB", "MD=1GiB/2y", "MD=1GiB/2d/3"]
    const { unreadable } = topologyOf({ streamLimits: texts, streamReplicas: 2 })
    assert.deepStrictEqual(unreadable, [
      ...texts.map((text) => `ARBEDGE_STREAM_LIMITS: "${text}"`),
      'ARBEDGE_STREAM_REPLICAS: "2" (1, 3 or 5)',
    ])
  })
})

describe("The declarations", () => {
  it("give each bucket of S33 its time to live", () => {
    const minutes = (spec: { readonly timeToLive: Option.Option<Duration.Duration> }) =>
      Duration.toMinutes(Option.getOrElse(spec.timeToLive, () => Duration.zero))
    assert.deepStrictEqual(Object.fromEntries(SHIPPED.buckets.map((spec) => [spec.name, minutes(spec)])), {
      market_data: 1,
      opportunity: 15,
      analysis: 15,
      session: 60,
      session_temp: 60,
      rate_limit: 1_440,
      eligibility: 5,
      preferences: 60,
      profile: 60,
    })
  })

  it("keep what is of people in memory alone, and never among what is public", () => {
    const people = Object.values(PEOPLE_BUCKETS)
    assert.isTrue(people.every(({ storage }) => storage === "memory"))
    const open = new Set(PUBLIC_BUCKETS.map(({ name }) => name))
    assert.isFalse(people.some(({ name }) => open.has(name)))
  })
})
