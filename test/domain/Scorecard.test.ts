/** The scorecard: groups, shares and medians, of those that could be judged alone. */
import { assert, describe, it } from "@effect/vitest"
import type { Outcome, Realised } from "../../src/domain/Outcome.ts"
import { scorecard } from "../../src/domain/Scorecard.ts"

const outcome = (
  netBps: string,
  livedMs: number,
  after: string | Realised["reason"],
  changes: Partial<Outcome> = {},
): Outcome => {
  const isPrice = after !== null && /^-?\d/.test(after)
  return {
    opportunityId: `${netBps}-${livedMs}`,
    fingerprint: "f",
    type: "cross_exchange",
    asset: "BTC",
    venues: ["kraken", "okx"],
    pair: "BTC/USDT",
    detectedAt: 0,
    livedMs,
    size: "1",
    currency: "USDT",
    netBps,
    netProfit: "1",
    realised: [{
      delayMs: 1_000,
      netBps: isPrice ? after : null,
      reason: isPrice ? null : "stale_book",
      netProfit: null,
      bestNetBps: netBps,
    }],
    features: [],
    silent: false,
    simulated: false,
    settingsVersion: "t",
    ...changes,
  }
}

describe("The scorecard", () => {
  it("counts of each delay those judged, those that still paid, and their median", () => {
    const [row] = scorecard(
      [outcome("10", 5, "9"), outcome("30", 1, "-2"), outcome("20", 9, "0"), outcome("40", 7, "unread")],
      "type",
    )
    assert.deepInclude(row, { group: "cross_exchange", found: 4, medianLivedMs: 5, medianNetBps: "20" })
    assert.deepStrictEqual(row?.after[1], { delayMs: 1_000, judged: 3, realisable: 1, medianNetBps: "0" })
    assert.deepStrictEqual(row?.after[0], { delayMs: 100, judged: 0, realisable: 0, medianNetBps: null })
  })

  it("counts a plan once for each venue it touches", () => {
    const rows = scorecard([outcome("10", 5, "9", { venues: ["okx", "okx", "kraken"] })], "venue")
    assert.deepStrictEqual(rows.map(({ found, group }) => [group, found]), [["kraken", 1], ["okx", 1]])
  })

  it("never mixes simulated with real data, and puts the real first", () => {
    const rows = scorecard(
      [outcome("1", 1, "1", { simulated: true }), outcome("2", 1, "1", { simulated: true }), outcome("3", 1, "1")],
      "pair",
    )
    assert.deepStrictEqual(rows.map(({ found, simulated }) => [found, simulated]), [[1, false], [2, true]])
  })

  it("of nothing has no rows", () => assert.deepStrictEqual(scorecard([], "type"), []))
})
