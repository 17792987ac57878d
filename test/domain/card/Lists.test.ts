/** Lists: several opportunities in one message, the digest of a quiet time, and names that try to break them. */
import { assert, describe, it } from "@effect/vitest"
import { renderBatch } from "../../../src/domain/card/BatchCard.ts"
import { decode } from "../../../src/domain/card/CallbackData.ts"
import { renderDigest } from "../../../src/domain/card/DigestCard.ts"
import { render } from "../../../src/domain/card/OpportunityCard.ts"
import { type Digest, digestOf } from "../../../src/domain/Digest.ts"
import type { Opportunity } from "../../../src/domain/Opportunity.ts"
import { DEFAULT_PREFERENCES } from "../../../src/domain/Preferences.ts"
import { card, detectedAt } from "./someCard.ts"

const nowMs = detectedAt + 2_345
const hour = 3_600_000

/** As a person reads it. */
const read = (html: string) =>
  html.replace(/<[^>]*>/g, "").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&")

const id = (digit: string) => digit.repeat(32)
const one = card({ id: id("1") })
const gone = card({ id: id("2"), asset: "ETH", state: "closed" })

describe("A batch", () => {
  it("lists each in its place, and one button each opens its details", () => {
    const { buttons, html } = renderBatch({ opportunities: [one, gone], language: "en", nowMs })
    assert.deepStrictEqual(read(html).split("\n"), [
      "📬 2 opportunities",
      "",
      "1. 🟢 BTC/USDT 🔼kraken 🔽okx",
      "+15.78 bps = +37.906 USDT for 0.8 BTC (24,004 USDT)",
      "Seen 2.3 s ago · ❔",
      "",
      "2. ⚪️ BTC/USDT 🔼kraken 🔽okx",
      "gone after 1.2 s",
      "",
      "The buttons open the details",
    ])
    assert.deepStrictEqual(buttons.flat().map(({ callback_data, text }) => [text, decode(callback_data)._tag]), [
      ["🔎 1", "Some"],
      ["🔎 2", "Some"],
    ])
  })

  it("is the same in Russian, with its plural forms", () => {
    const title = (count: number) =>
      read(renderBatch({ opportunities: Array.from({ length: count }, () => one), language: "ru", nowMs }).html)
        .split("\n")[0]
    assert.deepStrictEqual([1, 2, 5].map(title), ["📬 1 возможность", "📬 2 возможности", "📬 5 возможностей"])
  })

  it("holds five at most", () => {
    const { buttons } = renderBatch({ opportunities: Array.from({ length: 9 }, () => one), language: "en", nowMs })
    assert.strictEqual(buttons.flat().length, 5)
  })
})

const wants = { tier: "enterprise", role: "user", preferences: DEFAULT_PREFERENCES } as const
const quiet = { fromMs: detectedAt, untilMs: detectedAt + 10 * hour }
const lived = (changes: Partial<Opportunity>, ms: number) =>
  card({ state: "closed", ...changes, lastAt: detectedAt + ms, expiresAt: detectedAt + ms })
const digest = (all: ReadonlyArray<Opportunity>) => digestOf(all, wants, quiet, quiet.untilMs)

describe("The digest of a quiet time", () => {
  const open = card({ id: id("9"), detectedAt: quiet.untilMs - 60_000, expiresAt: quiet.untilMs + 20_000 })
  const all = [
    lived({ id: id("1"), netBps: "6" }, 5_000),
    lived({ id: id("2"), netBps: "40" }, 1_000),
    lived({ id: id("3"), netBps: "9" }, 185_000),
    lived({ id: id("4"), netBps: "8" }, 2_000),
    open,
  ]

  it("tells how many came and went, the longest lived, and what is open now", () => {
    const found = digest(all)
    assert.isNotNull(found)
    if (found === null) return
    assert.deepInclude(found, { came: 5, gone: 4, openCount: 1, quietMs: 10 * hour })
    assert.deepStrictEqual(found.longest.map(({ id }) => id[0]), ["3", "1", "4"])
    const message = renderDigest({ digest: found, language: "en", nowMs: quiet.untilMs })
    assert.deepStrictEqual(read(message.html).split("\n"), [
      "🌙 While I kept quiet (10 h)",
      "5 opportunities for you came, 4 of them went.",
      "",
      "Longest lived:",
      "• BTC/USDT kraken → okx, +9 bps, lived 3 min 5 s",
      "• BTC/USDT kraken → okx, +6 bps, lived 5 s",
      "• BTC/USDT kraken → okx, +8 bps, lived 2 s",
      "",
      "Still open, as of now:",
      "",
      "1. 🟢 BTC/USDT 🔼kraken 🔽okx",
      "+15.78 bps = +37.906 USDT for 0.8 BTC (24,004 USDT)",
      "Seen 1 min ago · ❔",
    ])
    assert.strictEqual(message.buttons.flat().length, 1)
    assert.include(
      read(renderDigest({ digest: found, language: "ru", nowMs: quiet.untilMs }).html),
      "🌙 Пока я молчал (10 ч)\nДля вас: 5 возможностей, из них уже нет: 4.",
    )
  })

  it("counts what has run out as gone, though nobody closed it yet", () => {
    const overdue = { ...open, expiresAt: quiet.untilMs }
    assert.deepInclude(digest([overdue]), { came: 1, gone: 1, openCount: 0 })
    const found = digest([overdue])
    if (found === null) return assert.fail("there was something")
    const { buttons, html } = renderDigest({ digest: found, language: "en", nowMs: quiet.untilMs })
    assert.include(read(html), "1 opportunity for you came, and it went.")
    assert.include(read(html), "Nothing of it is open now.")
    assert.deepStrictEqual(buttons, [])
  })

  it("is none where nothing came that fits: outside the time, or not wanted", () => {
    assert.isNull(digest([]))
    assert.isNull(digest([{ ...open, detectedAt: quiet.untilMs }, { ...open, detectedAt: quiet.fromMs - 1 }]))
    const picky = { ...wants, preferences: { ...DEFAULT_PREFERENCES, mutedPairs: ["BTC/USDT"] } }
    assert.isNull(digestOf(all, picky, quiet, quiet.untilMs))
  })
})

describe("A coin with a nasty name", () => {
  const names = [
    "<b>BOLD</b>",
    '"><a href="tg://user?id=1">x</a>',
    "\u202eEVIL",
    "\u2067RTL\u2069",
    "\u061cمال",
    "&lt;&amp;",
    "A\nB\tC\u0000",
    "\u200b\ufeff",
    "𝕏".repeat(300),
  ]
  const messages = (name: string) => {
    const named = (changes: Partial<Opportunity> = {}) =>
      card({
        asset: name,
        currency: name,
        reasons: [name],
        legs: card().legs.map((leg) => ({ ...leg, venue: name, instrument: `${name}/USDT`, feeCurrency: name })),
        ...changes,
      })
    const found: Digest = {
      quietMs: hour,
      came: 2,
      gone: 1,
      openCount: 1,
      longest: [named({ state: "closed" })],
      open: [named()],
    }
    return (["en", "ru"] as const).flatMap((language) => [
      ...(["opened", "fading", "closed"] as const).map((state) =>
        render({ opportunity: named({ state }), language, nowMs, detailed: true, toldAfterMs: 9 }).html
      ),
      renderBatch({ opportunities: [named(), named({ state: "closed" })], language, nowMs }).html,
      renderDigest({ digest: found, language, nowMs }).html,
    ])
  }
  const shape = (html: string) => ({
    lines: html.split("\n").length,
    tags: [...html.matchAll(/<[^>]*>/g)].map(([tag]) => tag),
  })
  const plain = messages("COIN").map(shape)

  for (const name of names) {
    it(`changes no tag and no line of any message: ${JSON.stringify(name.slice(0, 20))}`, () => {
      const all = messages(name)
      assert.deepStrictEqual(all.map(shape), plain)
      for (const html of all) {
        assert.notMatch(html, /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/)
        assert.notMatch(html.replaceAll("\n", ""), /\p{Cc}/u)
        assert.isAtMost(read(html).length, 4_096)
      }
    })
  }
})
