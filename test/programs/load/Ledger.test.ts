/** The ledger: what is counted once, what comes twice, what each stage took; and what follows from it. */
import { assert, describe, it } from "@effect/vitest"
import { encode } from "../../../src/domain/card/CallbackData.ts"
import { formatStageTimes } from "../../../src/domain/contract/Headers.ts"
import type { DeliverySettled } from "../../../src/domain/Fact.ts"
import type { Opportunity } from "../../../src/domain/Opportunity.ts"
import { Histograms } from "../../../src/programs/load/Histograms.ts"
import { Ledger } from "../../../src/programs/load/Ledger.ts"
import { Recent } from "../../../src/programs/load/Recent.ts"
import { Seen } from "../../../src/programs/load/Seen.ts"
import { hopsOf } from "../../../src/programs/load/Reporting.ts"
import { someOpportunity, t0 } from "../../suites/StoreWorld.ts"

const opened: Opportunity = { ...someOpportunity(), state: "opened", revision: 1, detectedAt: t0 }
const TIMES = formatStageTimes({ venue: t0 - 30, receive: t0, detect: t0 + 12, publish: t0 + 15 })

const distributed = (at: number) => ({
  v: 1 as const,
  at,
  opportunityId: opened.id,
  revision: 1,
  state: "opened",
  action: "notify" as const,
  matched: 2,
  enqueued: 2,
})

const settled = (queueId: number, at: number, limiterWaitMs = 0): DeliverySettled => ({
  v: 1,
  at,
  queueId,
  opportunityId: opened.id,
  person: { alias: "a", sealed: null },
  purpose: "notify",
  priority: "high",
  status: "sent",
  messageId: 7,
  error: null,
  latencyMs: 0,
  limiterWaitMs,
  scheduledWaitMs: 0,
})

const sent = (chatId: number) => ({
  method: "sendMessage",
  chatId,
  replyMarkup: { inline_keyboard: [[{ text: "take", callback_data: encode("take", opened.id) }]] },
  refusal: null,
})

const told = () => {
  const ledger = new Ledger(t0)
  ledger.transition(opened, TIMES)
  ledger.distribution(distributed(t0 + 25))
  ledger.settlement(settled(1, t0 + 65))
  ledger.settlement(settled(2, t0 + 1_065, 1_000))
  ledger.call(sent(11))
  ledger.call(sent(12))
  return ledger
}

const NOTHING = { pending: 0, sending: 0, sent: 0, unknown: 0, failed: 0, cancelled: 0, expired: 0 }
const AT_REST = {
  framesStored: 0,
  framesRead: 0,
  framesAnalysed: 0,
  transitionsStored: 1,
  transitionsRead: 1,
  transitionsDistributed: 1,
  factsUnread: 0,
  outboxDepth: 0,
  rows: { ...NOTHING, sent: 2 },
  resources: { cpuS: 0, heapMiB: 0, rssMiB: 0, handles: 0 },
}
const hop = (ledger: Ledger, name: string, standing = AT_REST) =>
  hopsOf(ledger, standing, true).find((one) => one.hop === name)

describe("The ledger", () => {
  it("parts the time from venue to acceptance by stages, waits for limits apart", () => {
    const { histograms } = told()
    const p50 = (stage: Parameters<Histograms["figures"]>[0]) => histograms.figures(stage).p50
    assert.deepStrictEqual([p50("receive"), p50("detect"), p50("validate"), p50("queue")], [30, 12, 3, 10])
    assert.deepStrictEqual([p50("accepted"), p50("total")], [40, 65])
    assert.strictEqual(histograms.figures("limiter_wait").max, 1_000)
  })

  it("accounts for everything that went well", () => {
    for (const name of ["transitions", "rows", "messages"]) {
      assert.deepInclude(hop(told(), name), { lost: 0, waiting: 0, duplicates: 0 })
    }
  })

  it("counts what comes twice once, and says so", () => {
    const ledger = told()
    ledger.transition(opened, TIMES)
    ledger.distribution(distributed(t0 + 30))
    ledger.call(sent(11))
    assert.deepInclude(hop(ledger, "transitions"), { entered: 1, arrived: 1, duplicates: 2 })
    assert.deepInclude(hop(ledger, "messages"), { entered: 2, arrived: 2, duplicates: 1 })
  })

  it("calls lost what neither arrived nor waits", () => {
    const ledger = told()
    assert.deepInclude(hop(ledger, "rows", { ...AT_REST, rows: { ...NOTHING, sent: 1 } }), { lost: 1 })
    assert.deepInclude(hop(ledger, "rows", { ...AT_REST, rows: { ...NOTHING, sent: 1, pending: 1 } }), {
      lost: 0,
      waiting: 1,
    })
    ledger.offered(5, 0)
    assert.deepInclude(hop(ledger, "ticks"), { entered: 5, arrived: 0, lost: 5 })
    assert.deepInclude(hop(ledger, "ticks", { ...AT_REST, framesStored: 1 }), { lost: 0, waiting: 5 })
    ledger.transition({ ...opened, revision: 2 }, TIMES)
    assert.deepInclude(hop(ledger, "transitions"), { entered: 2, arrived: 1, lost: 1 })
    assert.deepInclude(hop(ledger, "transitions", { ...AT_REST, outboxDepth: 1 }), { lost: 0, waiting: 1 })
  })

  it("calls a command lost that has no reply once the run has ended, and tells of none where nobody asked", () => {
    const ledger = told()
    assert.isUndefined(hop(ledger, "commands"))
    for (let n = 0; n < 3; n++) ledger.asked()
    ledger.replied(40)
    ledger.replied(60)
    assert.deepInclude(hop(ledger, "commands"), { entered: 3, arrived: 2, waiting: 0, lost: 1 })
    assert.deepInclude(hopsOf(ledger, AT_REST, false).find(({ hop }) => hop === "commands"), { waiting: 1, lost: 0 })
    assert.deepInclude(ledger.histograms.figures("reply"), { count: 2, max: 60 })
  })

  it("digests opportunities by when they came after the start, in whatever order", () => {
    const other: Opportunity = { ...opened, id: "f".repeat(32), fingerprint: "another" }
    const digest = (startMs: number, ...found: ReadonlyArray<Opportunity>) => {
      const ledger = new Ledger(startMs)
      for (const one of found) ledger.transition({ ...one, detectedAt: startMs + 100 }, TIMES)
      return ledger.digest
    }
    assert.strictEqual(digest(0, opened, other), digest(5_000, other, opened))
    assert.notStrictEqual(digest(0, opened), digest(0, other))
  })

  it("counts troubles by reason, not the ends that rows should have", () => {
    const ledger = told()
    ledger.settlement({ ...settled(3, t0), status: "cancelled", error: "shown already" })
    ledger.settlement({ ...settled(4, t0), status: "failed", error: "chat_gone: bot was blocked by 12345" })
    ledger.call({ ...sent(11), refusal: "Too Many Requests: retry after 5" })
    assert.deepStrictEqual([...ledger.errors.keys()], [
      "delivery|failed: chat_gone: bot was blocked by N",
      "messenger|Too Many Requests: retry after N",
    ])
  })
})

describe("A histogram", () => {
  it("is exact below two seconds, and never above the greatest value there was", () => {
    const histograms = new Histograms()
    for (let ms = 1; ms <= 1_000; ms++) histograms.record("total", ms)
    histograms.record("total", 50_001)
    const { buckets, count, max, p50, p90, p99, p999 } = histograms.figures("total")
    assert.deepStrictEqual([count, p50, p90, p99, p999], [1_001, 501, 901, 991, 1_000])
    assert.isAtMost(Math.abs((max ?? 0) - 50_001), 50)
    assert.strictEqual(buckets.reduce((sum, bucket) => sum + bucket.count, 0), 1_001)
  })

  it("knows nothing of what never came, and counts a time before its beginning as none", () => {
    const histograms = new Histograms()
    assert.isNull(histograms.figures("queue").p99)
    histograms.record("queue", -5)
    assert.deepInclude(histograms.figures("queue"), { count: 1, p50: 0, max: 0 })
  })
})

const letters = ["a", "b", "c", "d", "e"]

describe("Recent", () => {
  it("remembers the newest and forgets the oldest", () => {
    const recent = new Recent<string>(2)
    for (const key of letters) recent.set(key, key)
    assert.deepStrictEqual(letters.map((key) => recent.get(key)), [undefined, undefined, "c", "d", "e"])
  })

  it("forgets what is taken out of it", () => {
    const recent = new Recent<string>(2)
    for (const key of letters) recent.set(key, key)
    assert.deepStrictEqual(["c", "e", "c", "e"].map((key) => recent.take(key)), ["c", "e", undefined, undefined])
  })
})

describe("Seen", () => {
  it("remembers the newest and forgets the oldest", () => {
    const seen = new Seen(2)
    for (const key of letters) seen.add(key)
    assert.deepStrictEqual(letters.map((key) => seen.has(key)), [false, false, true, true, true])
  })

  it("tells each of its newest keys from those that never came, and counts one that comes twice once", () => {
    const seen = new Seen(1_000), keys = Array.from({ length: 10_000 }, (_, n) => `opportunity-${n}:1`)
    for (const key of keys) {
      seen.add(key)
      seen.add(key)
    }
    assert.isTrue(keys.slice(-1_000).every((key) => seen.has(key)))
    assert.isFalse(keys.slice(0, -2_000).some((key) => seen.has(key)))
    assert.isFalse(keys.some((key) => seen.has(`${key}0`)))
  })
})
