/** Engagement: the worked figures of docs/engagement.md. */
import { assert, describe, it } from "@effect/vitest"
import { engagementOf, type Receipt, scoreOf, WINDOW_MS } from "../../src/domain/Engagement.ts"

const nowMs = 1_750_000_000_000
const day = 86_400_000

const receipt = (changes: Partial<Receipt> = {}): Receipt => ({
  userId: "u",
  opportunityId: "o",
  distributionType: "push",
  deliveredAt: nowMs,
  openedAt: null,
  clickedAt: null,
  convertedAt: null,
  dismissedAt: null,
  mutedAt: null,
  feedback: null,
  ...changes,
})

describe("The score of a message", () => {
  const opened = { openedAt: nowMs }
  const cases: ReadonlyArray<readonly [string, Partial<Receipt>, number]> = [
    ["nothing was done with", {}, 0],
    ["that was opened", opened, 0.3],
    ["that was opened and called useful", { ...opened, feedback: "useful" }, 0.5],
    ["whose link was followed", { ...opened, clickedAt: nowMs }, 0.6],
    ["whose link was followed too late", { ...opened, clickedAt: nowMs, feedback: "too_late" }, 0.5],
    ["that was taken", { ...opened, convertedAt: nowMs }, 1],
    ["that was taken and called useful: no more than 1", { ...opened, convertedAt: nowMs, feedback: "useful" }, 1],
    ["that was dismissed", { ...opened, dismissedAt: nowMs }, 0],
    ["whose pair was muted: no less than 0", { ...opened, mutedAt: nowMs, feedback: "not_useful" }, 0],
    ["that was taken, and its pair muted after", { ...opened, convertedAt: nowMs, mutedAt: nowMs }, 0.5],
  ]
  for (const [name, changes, score] of cases) {
    it(`${name} is ${score}`, () => assert.strictEqual(scoreOf(receipt(changes)), score))
  }
})

describe("The score of a user", () => {
  it("is unknown where nothing was delivered, and 0 where nothing was opened", () => {
    assert.isNull(engagementOf([], nowMs))
    assert.isNull(engagementOf([receipt({ deliveredAt: null, openedAt: nowMs })], nowMs))
    assert.isNull(engagementOf([receipt({ deliveredAt: nowMs - WINDOW_MS })], nowMs))
    assert.strictEqual(engagementOf([receipt(), receipt()], nowMs), 0)
  })

  it("weighs a message by how new it is: taken today and ignored 15 days ago make two thirds", () => {
    const messages = [receipt({ openedAt: nowMs, convertedAt: nowMs }), receipt({ deliveredAt: nowMs - 15 * day })]
    assert.strictEqual(engagementOf(messages, nowMs), 0.6667)
    const other = [receipt(), receipt({ deliveredAt: nowMs - 15 * day, openedAt: nowMs, convertedAt: nowMs })]
    assert.strictEqual(engagementOf(other, nowMs), 0.3333)
  })
})
