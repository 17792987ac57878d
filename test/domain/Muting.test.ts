/** A muted pair: not told and not listed, whatever else the user wants. */
import { assert, describe, it } from "@effect/vitest"
import { DEFAULT_RULES, firstFailure, NO_STANDING, NOTHING_SPENT, trace } from "../../src/domain/Eligibility.ts"
import { offerOf, unwanted } from "../../src/domain/Matching.ts"
import { DEFAULT_PREFERENCES } from "../../src/domain/Preferences.ts"
import type { Recipient } from "../../src/domain/User.ts"
import { card, detectedAt } from "./card/someCard.ts"

const recipient = (preferences: Partial<Recipient["preferences"]>): Recipient => ({
  userId: "u",
  chatId: "1",
  role: "user",
  tier: "free",
  isGroup: false,
  country: null,
  betaUntil: null,
  sessionExpiresAt: detectedAt + 60_000,
  preferences: { ...DEFAULT_PREFERENCES, activeHoursEnd: 8, ...preferences },
})

const pushed = (to: Recipient) =>
  firstFailure(
    trace(
      offerOf(card()),
      { recipient: to, standing: NO_STANDING, spending: NOTHING_SPENT },
      DEFAULT_RULES,
      detectedAt,
    ),
  )

describe("a muted pair", () => {
  it("is wanted neither on demand nor by push, even where its asset is chosen", () => {
    const muting = recipient({ pairs: ["BTC"], mutedPairs: ["BTC/USDT"] })
    assert.strictEqual(unwanted(offerOf(card()), muting), "muted_pair")
    assert.strictEqual(pushed(muting), "muted_pair")
  })

  it("says nothing of other pairs", () => assert.isNull(pushed(recipient({ mutedPairs: ["ETH/USDT"] }))))

  it("differs from push off and high priority only, which a view on demand passes over", () => {
    const quiet = recipient({ pushEnabled: false, highPriorityOnly: true })
    assert.strictEqual(unwanted(offerOf(card()), quiet), null)
    assert.strictEqual(pushed(quiet), "push_off")
  })
})
