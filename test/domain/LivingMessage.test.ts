/** The living message: closes at once, fades only when it lasts, and never changes more often than is of use. */
import { assert, describe, it } from "@effect/vitest"
import { EDIT_PAUSE_MS, editDueAt, editPriority, FADING_AFTER_MS } from "../../src/domain/LivingMessage.ts"
import { Priority, PRIORITY_RANK } from "../../src/domain/Opportunity.ts"

const t0 = 1_750_000_000_000

describe("An edit", () => {
  const alone = (touchedAtMs: number | null) => ({ isGroup: false, touchedAtMs })

  it("of a message that has rested is due at once, of one just changed after its rest", () => {
    assert.strictEqual(editDueAt("improved", alone(null), t0), t0)
    assert.strictEqual(editDueAt("improved", alone(t0 - EDIT_PAUSE_MS.private), t0), t0)
    assert.strictEqual(editDueAt("improved", alone(t0 - 1_000), t0), t0 + 2_000)
    assert.strictEqual(editDueAt("improved", { isGroup: true, touchedAtMs: t0 }, t0), t0 + EDIT_PAUSE_MS.group)
  })

  it("that tells of fading waits to see whether it lasts, and one that closes waits for nothing", () => {
    assert.strictEqual(editDueAt("fading", alone(null), t0), t0 + FADING_AFTER_MS)
    assert.strictEqual(editDueAt("fading", alone(t0), t0), t0 + EDIT_PAUSE_MS.private)
    assert.strictEqual(editDueAt("closed", { isGroup: true, touchedAtMs: t0 }, t0), t0)
  })

  it("is less urgent than telling of something as urgent, but for the least", () => {
    for (const priority of Priority.literals) {
      const rank = PRIORITY_RANK[editPriority(priority)]
      assert.strictEqual(rank, Math.min(3, PRIORITY_RANK[priority] + 1))
    }
  })
})
