/** The card of a cycle: its way round, its legs in order, what goes in and what comes out. */
import { assert, describe, it } from "@effect/vitest"
import { render, summarize } from "../../../src/domain/card/OpportunityCard.ts"
import type { Leg, Opportunity } from "../../../src/domain/Opportunity.ts"
import { card, detectedAt } from "./someCard.ts"

const nowMs = detectedAt + 2_345

const leg = (changes: Pick<Leg, "instrument" | "side" | "size" | "price" | "fee" | "feeCurrency">): Leg => ({
  venue: "binance",
  levels: [[changes.price, changes.size]],
  contracts: null,
  contractSize: null,
  feeRate: "0.001",
  bookSeq: 7,
  bookAgeMs: 12,
  ...changes,
})

const cycle: Opportunity = card({
  type: "triangular",
  asset: "USDT",
  currency: "USDT",
  size: "12002.5",
  notional: "12002.5",
  capacity: "15003.125",
  grossBps: "42.0021",
  netBps: "11.9345",
  netProfit: "14.32438363",
  legs: [
    leg({ instrument: "BTC/USDT", side: "buy", size: "0.4", price: "30006.25", fee: "0.0004", feeCurrency: "BTC" }),
    leg({ instrument: "ETH/BTC", side: "buy", size: "7.9", price: "0.05057", fee: "0.0079", feeCurrency: "ETH" }),
    leg({ instrument: "ETH/USDT", side: "sell", size: "7.892", price: "1524.2", fee: "12.03", feeCurrency: "USDT" }),
  ],
  details: {
    type: "triangular",
    start: "USDT",
    startAmount: "12002.5",
    endAmount: "12016.82438363",
    path: ["USDT", "BTC", "ETH", "USDT"],
    leftOver: [{ asset: "BTC", amount: "0.000097" }, { asset: "ETH", amount: "0.0001" }],
    feeTable: null,
  },
})

const read = (html: string) => html.replace(/<[^>]*>/g, "")
const shown = (language: "en" | "ru", changes: Partial<Opportunity> = {}, detailed = false) =>
  read(render({ opportunity: { ...cycle, ...changes }, language, nowMs, detailed }).html)

describe("a cycle's card", () => {
  it("shows the way round, the legs in order, and what becomes of the start amount", () => {
    assert.strictEqual(
      shown("en"),
      [
        "🟢 USDT → BTC → ETH → USDT · triangular · new",
        "🔼 Buy binance BTC/USDT at 30,006.25",
        "🔼 Buy binance ETH/BTC at 0.05057",
        "🔽 Sell binance ETH/USDT at 1,524.2",
        "Net +11.93 bps = +14.324 USDT: 12,002.5 → 12,016.824 USDT",
        "Gross 42 bps, fees 0.0004 BTC + 0.0079 ETH + 12.03 USDT",
        "Seen 2.3 s ago, lives 1.2 s, 3 checks",
        "Priority: medium, score 61.2",
        "❔ Unproven: too few similar cases to know how often it works",
      ].join("\n"),
    )
  })

  it("says the same in Russian", () => {
    const lines = shown("ru").split("\n")
    assert.strictEqual(lines[0], "🟢 USDT → BTC → ETH → USDT · треугольный · новый")
    assert.strictEqual(lines[4], "Чистыми +11.93 bps = +14.324 USDT: 12\u00a0002.5 → 12\u00a0016.824 USDT")
    assert.include(shown("ru", {}, true), "Все стаканы вмещают 15\u00a0003.125 USDT")
  })

  it("tells in its details what the books admit and what lots leave over", () => {
    const details = shown("en", {}, true)
    assert.include(details, "All books admit 15,003.125 USDT")
    assert.include(details, "Lots leave over, not counted: 0.000097 BTC + 0.0001 ETH")
    assert.notInclude(shown("en"), "leave over")
    const { details: of } = cycle
    if (of.type !== "triangular") return
    assert.notInclude(shown("en", { details: { ...of, leftOver: [] } }, true), "leave over")
  })

  it("keeps its way round when closed and in lists", () => {
    const [title, , , , , worth] = shown("en", { state: "closed" }).split("\n")
    assert.strictEqual(title, "⚪️ USDT → BTC → ETH → USDT · triangular")
    assert.strictEqual(worth, "At its best: +11.93 bps = +14.324 USDT: 12,002.5 → 12,016.824 USDT")
    assert.include(read(summarize({ opportunity: cycle, language: "en", nowMs })), "USDT → BTC → ETH → USDT")
  })

  it("escapes what assets are called", () => {
    const { details } = cycle
    if (details.type !== "triangular") return
    const opportunity = { ...cycle, details: { ...details, path: ["<b>", "X", "<b>"] } }
    assert.include(render({ opportunity, language: "en", nowMs }).html, "&lt;b&gt; → X → &lt;b&gt;")
  })
})
