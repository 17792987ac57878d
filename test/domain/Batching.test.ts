/** Batching: at once, within 5 s, within a minute; never past half a life, never more than five. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { type Batch, latestMs, MAX_ITEMS, place, WINDOW_MS, withPlaced } from "../../src/domain/Batching.ts"
import { Priority } from "../../src/domain/Opportunity.ts"

const t0 = 1_750_000_000_000
const item = (priority: Priority, lifeMs = 600_000, queueId = 1) => ({ queueId, priority, expiresAt: t0 + lifeMs })

describe("A notification", () => {
  it("leaves at once when critical, within 5 s when high, within 60 s else", () => {
    const due = (priority: Priority) => place(item(priority), t0, []).dueAtMs - t0
    assert.deepStrictEqual(Priority.literals.map(due), [0, 5_000, 60_000, 60_000])
  })

  it("waits no longer than half of what is left of its life", () => {
    assert.strictEqual(latestMs(item("medium", 30_000), t0), t0 + 15_000)
    assert.strictEqual(latestMs(item("high", 6_001), t0), t0 + 3_000)
    assert.deepStrictEqual(place(item("low", 1), t0, []), { dueAtMs: t0, batchId: null })
  })

  it("joins the first batch that leaves in time and has room", () => {
    const waiting: ReadonlyArray<Batch> = [
      { batchId: 7, dueAtMs: t0 + 4_000, items: MAX_ITEMS },
      { batchId: 8, dueAtMs: t0 + 6_000, items: 2 },
      { batchId: 9, dueAtMs: t0 + 4_500, items: 4 },
    ]
    assert.deepStrictEqual(place(item("high"), t0, waiting), { dueAtMs: t0 + 4_500, batchId: 9 })
    assert.deepStrictEqual(place(item("medium", 12_000), t0, waiting.slice(0, 2)), { dueAtMs: t0 + 6_000, batchId: 8 })
    assert.deepStrictEqual(place(item("high"), t0, waiting.slice(0, 2)), { dueAtMs: t0 + 5_000, batchId: 1 })
    assert.deepStrictEqual(place(item("critical"), t0, waiting), { dueAtMs: t0, batchId: null })
  })

  it("that is critical waits for the chat's next second where this one is taken, for others to leave with it", () => {
    const critical = (queueId: number, waiting: ReadonlyArray<Batch>, ...toldAt: ReadonlyArray<number>) =>
      place(item("critical", 600_000, queueId), t0, waiting, toldAt)
    assert.deepStrictEqual(critical(1, [], t0 - 1_000), { dueAtMs: t0, batchId: null })
    assert.deepStrictEqual(critical(2, [], t0 - 400), { dueAtMs: t0 + 600, batchId: 2 })
    const waiting = [{ batchId: 2, dueAtMs: t0 + 600, items: 1 }]
    assert.deepStrictEqual(critical(3, waiting, t0 + 600, t0 - 400), { dueAtMs: t0 + 600, batchId: 2 })
    const full = [{ batchId: 2, dueAtMs: t0 + 600, items: MAX_ITEMS }]
    assert.deepStrictEqual(critical(4, full, t0 + 600, t0 - 400), { dueAtMs: t0 + 1_600, batchId: 4 })
    // Its life is too short for that.
    assert.deepStrictEqual(place(item("critical", 500), t0, [], [t0]), { dueAtMs: t0 + 250, batchId: 1 })
  })

  it.effect.prop(
    "is never late, and no batch is ever too large, whatever comes when",
    [Schema.Array(Schema.Tuple([Priority, Schema.Int, Schema.Int]))],
    ([arrivals]) =>
      Effect.sync(() => {
        let waiting: ReadonlyArray<Batch> = [], nowMs = t0
        for (const [at, [priority, life, pause]] of arrivals.entries()) {
          nowMs += Math.abs(pause) % 20_000
          const expiresAt = nowMs + Math.abs(life) % 200_000
          waiting = waiting.filter(({ dueAtMs }) => dueAtMs > nowMs)
          const placed = place({ queueId: at, priority, expiresAt }, nowMs, waiting)
          waiting = withPlaced(waiting, placed)
          const heldMs = placed.dueAtMs - nowMs
          assert.isAtLeast(heldMs, 0)
          assert.isAtMost(heldMs, WINDOW_MS[priority])
          assert.isAtMost(heldMs, (expiresAt - nowMs) / 2)
          assert.isTrue(waiting.every(({ items }) => items <= MAX_ITEMS))
        }
      }),
    { arbitrary: { runs: 100 } },
  )
})
