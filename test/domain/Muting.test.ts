/** A muted pair: not told and not listed, whatever else the user wants. */
import { assert, describe, it } from "@effect/vitest"
import { mismatch, offerOf, unwanted } from "../../src/domain/Matching.ts"
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
  preferences: { ...DEFAULT_PREFERENCES, ...preferences },
})

describe("a muted pair", () => {
  it("is wanted neither on demand nor by push, even where its asset is chosen", () => {
    const muting = recipient({ pairs: ["BTC"], mutedPairs: ["BTC/USDT"] })
    assert.strictEqual(unwanted(offerOf(card()), muting), "muted_pair")
    assert.strictEqual(mismatch(offerOf(card()), muting, detectedAt), "muted_pair")
  })

  it("says nothing of other pairs", () => {
    assert.strictEqual(mismatch(offerOf(card()), recipient({ mutedPairs: ["ETH/USDT"] }), detectedAt), null)
  })

  it("differs from push off and high priority only, which a view on demand passes over", () => {
    const quiet = recipient({ pushEnabled: false, highPriorityOnly: true })
    assert.strictEqual(unwanted(offerOf(card()), quiet), null)
    assert.strictEqual(mismatch(offerOf(card()), quiet, detectedAt), "push_off")
  })
})
