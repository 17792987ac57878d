/** The card: what it says in each state and language, and that nothing foreign gets through it. */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect } from "effect"
import { decode } from "../../../src/domain/card/CallbackData.ts"
import { type Card, render, summarize } from "../../../src/domain/card/OpportunityCard.ts"
import { type Leg, Opportunity, type OpportunityState } from "../../../src/domain/Opportunity.ts"
import { card, detectedAt } from "./someCard.ts"

const nowMs = detectedAt + 2_345
const english = (changes: Partial<Opportunity> = {}) =>
  render({ opportunity: card(changes), language: "en", nowMs }).html

/** As a person reads it. */
const read = (html: string) =>
  html.replace(/<[^>]*>/g, "").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&")

const actions = ({ buttons }: Card) =>
  buttons.flat().map(({ callback_data }) => {
    const read = decode(callback_data)
    return read._tag === "Some" ? read.value.action : "none"
  })

describe("an opportunity's card", () => {
  it("shows pair, venues and sides, net at the best size, gross, fees, age, lifetime and priority", () => {
    assert.strictEqual(
      read(english()),
      [
        "🟢 BTC/USDT · cross-exchange · new",
        "🔼 Buy kraken BTC/USDT at 30,005",
        "🔽 Sell okx BTC/USDT at 30,112.5",
        "Net +15.78 bps = +37.906 USDT for 0.8 BTC (24,004 USDT)",
        "Gross 35.83 bps, fees 48.094 USDT",
        "Seen 2.3 s ago, lives 1.2 s, 3 checks",
        "Priority: medium, score 61.2",
        "❔ Unproven: too few similar cases to know how often it works",
      ].join("\n"),
    )
  })

  it("says the same in Russian, with Russian units, forms and digit groups", () => {
    assert.strictEqual(
      read(render({ opportunity: card(), language: "ru", nowMs }).html),
      [
        "🟢 BTC/USDT · межбиржевой · новый",
        "🔼 Купить kraken BTC/USDT по 30\u00a0005",
        "🔽 Продать okx BTC/USDT по 30\u00a0112.5",
        "Чистыми +15.78 bps = +37.906 USDT на 0.8 BTC (24\u00a0004 USDT)",
        "До комиссий 35.83 bps, комиссии 48.094 USDT",
        "Замечен 2.3 с назад, живёт 1.2 с, 3 проверки",
        "Приоритет: средний, оценка 61.2",
        "❔ Не подтверждено: похожих случаев слишком мало, чтобы знать, как часто это срабатывает",
      ].join("\n"),
    )
  })

  it("looks different in every state", () => {
    const states: ReadonlyArray<OpportunityState> = ["opened", "improved", "fading", "closed"]
    const titles = states.map((state) => english({ state }).split("\n")[0])
    assert.strictEqual(new Set(titles).size, states.length)
    assert.deepStrictEqual(titles.map((title) => [...title ?? ""][0]), ["🟢", "📈", "🟡", "⚪"])
  })

  it("says plainly when it is gone: how long it lived, what it was at its best, and no more to take", () => {
    const closed = render({
      opportunity: card({ state: "closed", lastAt: detectedAt + 12 }),
      language: "en",
      nowMs: detectedAt + 5_000,
    })
    assert.include(closed.html, "⚪️ <s><b>BTC/USDT</b> · cross-exchange</s>")
    assert.include(closed.html, "<b>Gone: it lived 12 ms, 3 checks</b>")
    assert.include(closed.html, "<s>At its best: <b>+15.78 bps</b>")
    assert.deepStrictEqual(actions(closed), ["details", "useful", "not_useful", "too_late"])
  })

  it("says so when it was gone before it could be told, and how long that took", () => {
    const late = (language: "en" | "ru") =>
      render({ opportunity: card({ state: "closed" }), language, nowMs, toldAfterMs: 6_200 }).html
    assert.include(late("en"), "It was gone before I could tell you, 6.2 s after it was found")
    assert.include(late("ru"), "Исчез раньше, чем я успел сообщить: прошло 6.2 с")
  })

  it("says of a fading one that its figures no longer hold", () => {
    assert.include(english({ state: "fading" }), "Fading: it no longer holds at these figures")
    assert.notInclude(english(), "Fading")
  })

  it("links each venue's page where there is one, and nothing else", () => {
    const { html } = render({
      opportunity: card(),
      language: "en",
      nowMs,
      linkOf: ({ venue }) => venue === "okx" ? 'https://x.example/?a="1"&b=2' : null,
    })
    assert.include(html, 'Sell <a href="https://x.example/?a=&quot;1&quot;&amp;b=2"><b>okx</b></a> BTC/USDT')
    assert.include(html, "Buy <b>kraken</b> BTC/USDT")
  })

  it("draws only the buttons that its reader may use", () => {
    const drawn = render({ opportunity: card(), language: "en", nowMs, actions: ["why", "details"] })
    assert.deepStrictEqual(actions(drawn), ["details", "why"])
    const signal = render({ opportunity: card({ type: "technical" }), language: "en", nowMs })
    assert.notInclude(actions(signal), "take")
  })

  it("is the same text whenever a closed one is drawn, so that a repeated edit changes nothing", () => {
    const at = (later: number) =>
      render({ opportunity: card({ state: "closed" }), language: "en", nowMs: nowMs + later }).html
    assert.strictEqual(at(0), at(60_000))
  })

  it("marks simulated data in every state and in lists", () => {
    for (const state of ["opened", "improved", "fading", "closed"] as const) {
      assert.include(english({ state, simulated: true }), "🧪")
    }
    assert.include(summarize({ opportunity: card({ simulated: true }), language: "ru", nowMs }), "🧪")
    assert.notInclude(english(), "🧪")
  })

  it("says unproven without a confidence or with the reason, and not otherwise", () => {
    assert.include(english({ confidence: null }), "❔")
    assert.include(english({ confidence: 0.8, reasons: ["unproven"] }), "❔")
    assert.notInclude(english({ confidence: 0.8 }), "❔")
  })

  it("shows what a reader should know, such as a parity", () => {
    assert.include(english({ reasons: ["parity USDT/USD=1"] }), "ℹ️ parity USDT/USD=1")
  })

  it("adds fees up within a currency and never across two", () => {
    const [buy, sell] = card().legs
    if (buy === undefined || sell === undefined) return assert.fail("the fixture has two legs")
    const mixed = english({ legs: [{ ...buy, fee: "0.0008", feeCurrency: "BTC" }, sell] })
    assert.include(read(mixed), "fees 0.0008 BTC + 24.09 USDT")
  })

  it("shows figures that a binary float would round as they are", () => {
    const exact = english({ netProfit: "12345678901234567.5", notional: "0.000000012345678" })
    assert.include(read(exact), "+12,345,678,901,234,568 USDT")
    assert.include(read(exact), "(0.000000012346 USDT)")
  })

  it("adds levels, rates and ages of each leg when detailed", () => {
    const detailed = read(render({ opportunity: card(), language: "en", nowMs, detailed: true }).html)
    assert.include(detailed, "levels: 30,000 × 0.4; 30,010 × 0.4")
    assert.include(detailed, "taker fee 10 bps, book age 120 ms")
    assert.include(detailed, "Counts as gone in 27.6 s without news")
    assert.include(detailed, "Id 0123456789abcdef0123456789abcdef")
  })

  it("carries opaque data of at most 64 bytes that reads back as what it was made for", () => {
    const data = render({ opportunity: card(), language: "en", nowMs }).buttons.flat().map((each) => each.callback_data)
    assert.deepStrictEqual(actions(render({ opportunity: card(), language: "en", nowMs })), [
      "take",
      "details",
      "useful",
      "not_useful",
      "too_late",
      "mute",
      "why",
      "dismiss",
    ])
    for (const each of data) assert.isAtMost(new TextEncoder().encode(each).length, 64)
    for (
      const forged of ["", "d.", "d.xyz", "z.0123456789abcdef0123456789abcdef", "d.0123456789ABCDEF0123456789ABCDEF"]
    ) {
      assert.strictEqual(decode(forged)._tag, "None", forged)
    }
  })

  it("escapes what comes from outside and keeps it on its line", () => {
    const hostile = '</b><a href="tg://x">&\n\u202eevil'
    const [buy] = card().legs
    if (buy === undefined) return assert.fail("the fixture has two legs")
    const html = english({
      asset: hostile,
      currency: hostile,
      reasons: [hostile],
      legs: [{ ...buy, venue: hostile, instrument: hostile, feeCurrency: hostile, price: hostile }],
      netBps: hostile,
      grossBps: hostile,
      netProfit: hostile,
      notional: hostile,
      size: hostile,
    })
    assert.notInclude(html, "<a")
    assert.notInclude(html, "\u202e")
    assert.strictEqual(html.split("\n").length, english({ legs: [buy], reasons: ["x"] }).split("\n").length)
  })

  it("fits one message however long every text and list in it is", () => {
    const long = "<&".repeat(2_000)
    const [buy] = card().legs
    if (buy === undefined) return assert.fail("the fixture has two legs")
    const legs = Array.from({ length: 40 }, (_, at): Leg => ({
      ...buy,
      venue: long,
      instrument: long,
      price: long,
      feeCurrency: `${at % 3}${long}`,
      fee: "1".repeat(40),
      feeRate: long,
      levels: Array.from({ length: 500 }, () => [long, long]),
    }))
    const { html } = render({
      opportunity: card({
        legs,
        asset: long,
        size: long,
        notional: long,
        currency: long,
        netBps: long,
        grossBps: long,
        netProfit: long,
        capacity: long,
        reasons: legs.map(() => long),
        id: long,
        simulated: true,
      }),
      language: "ru",
      nowMs,
      detailed: true,
    })
    assert.isAtMost(read(html).length, 4_096)
  })

  it.effect("fits one message and opens no tag it does not close, whatever the opportunity", () =>
    Effect.gen(function* () {
      const verdict = yield* Arbitrary.checkEffect(
        Arbitrary.schema(Opportunity),
        (opportunity) =>
          (["en", "ru"] as const).every((language) => {
            const { html } = render({ opportunity, language, nowMs, detailed: true })
            const open = [...html.matchAll(/<(\/?)([a-z]+)>/g)].reduce(
              (stack: ReadonlyArray<string>, [, slash, tag = ""]) =>
                slash === "" ? [...stack, tag] : stack.at(-1) === tag ? stack.slice(0, -1) : [...stack, "unmatched"],
              [],
            )
            return open.length === 0 && read(html).length <= 4_096
          }),
        { runs: 200, seed: 7 },
      )
      assert.strictEqual(verdict._tag, "Passed")
    }))
})

describe("a funding opportunity's card", () => {
  const at = 1_750_003_200_000
  const funding = card({
    type: "funding",
    detectedAt: at,
    legs: card().legs.map((leg) => ({ ...leg, instrument: leg.side === "buy" ? "BTC/USDC:USDC" : "BTC/USDT:USDT" })),
    grossBps: "27",
    netBps: "8.2621",
    netProfit: "8.2665",
    details: {
      type: "funding",
      long: {
        predictedRate: "0.0001",
        settledRate: null,
        intervalMs: 28_800_000,
        nextSettlement: at + 28_800_000,
        settlements: 9,
        mid: "29999.5",
        exit: [],
      },
      short: {
        predictedRate: "0.00005",
        settledRate: "0.9",
        intervalMs: 3_600_000,
        nextSettlement: at + 3_600_000,
        settlements: 72,
        mid: "29999.5",
        exit: [],
      },
      pricedBy: "predicted",
      ratePerHour: "0.0000375",
      annualYield: "0.3285",
      entryExitCost: "0.001873255",
      cost: "18.73305",
      income: "26.99955",
      horizonHours: 72,
      breakEvenHours: "49.95",
      breakEvenSettlementsMs: 180_000_000,
      nextSettlement: at + 3_600_000,
    },
  })
  const lines = (language: "en" | "ru") =>
    read(render({ opportunity: funding, language, nowMs: at + 60_000 }).html).split("\n")

  it("goes by the pair held short, and tells rates, yield, costs and when it pays back", () => {
    const said = lines("en")
    assert.strictEqual(said[0], "🟢 BTC/USDT · funding rate · new")
    assert.deepStrictEqual(said.slice(4, 10), [
      "Long: +0.01% every 8 h, +0.00125% an hour, predicted",
      "Short: +0.005% every 1 h, +0.005% an hour, predicted",
      "Yields +32.85% a year before costs",
      "In 72 h: funding 27 USDT, to enter and leave 18.733 USDT",
      "Pays back in 49.95 h, by its settlements in 2 d 2 h",
      "Next settlement in 59 min",
    ])
    // The fees of the two entries alone are not what it costs.
    assert.isFalse(said.some((line) => line.startsWith("Gross")))
  })

  it("says the same in Russian", () => {
    assert.deepStrictEqual(lines("ru").slice(4, 10), [
      "Лонг: +0.01% каждые 8 ч, +0.00125% в час, прогноз",
      "Шорт: +0.005% каждые 1 ч, +0.005% в час, прогноз",
      "Доходность +32.85% в год до издержек",
      "За 72 ч: выплаты 27 USDT, вход и выход 18.733 USDT",
      "Окупится за 49.95 ч, по выплатам за 2 д 2 ч",
      "Следующая выплата через 59 мин",
    ])
  })

  it("says of a spot side that it pays nothing", () => {
    const { details } = funding
    if (details.type !== "funding") throw new Error("no funding")
    const spot = { ...details.long, predictedRate: null, intervalMs: null, nextSettlement: null, settlements: 0 }
    const { html } = render({ opportunity: { ...funding, details: { ...details, long: spot } }, language: "en", nowMs })
    assert.include(read(html), "Long: spot, pays nothing")
  })
})

describe("a technical signal's card", () => {
  const [leg] = card().legs
  const signal = card({
    type: "technical",
    legs: leg === undefined ? [] : [{ ...leg, size: "0", fee: "0", levels: [] }],
    size: "0",
    notional: "0",
    capacity: "0",
    grossBps: null,
    netBps: null,
    netProfit: null,
    priority: "low",
    details: {
      type: "technical",
      signal: "macd_cross",
      direction: "buy",
      intervalMs: 60_000,
      indicators: { rsi: "60.2174", macd: "-1.17756", macdHistogram: "0.135881", momentum: "0.0091743", volume: "10" },
      confirmedBy: ["macd", "momentum"],
      candles: 5,
    },
  })
  const text = (language: "en" | "ru") =>
    read(render({ opportunity: signal, language, nowMs, detailed: true }).html).split("\n")

  it("names signal, direction and indicators, and says that nobody knows what it earns", () => {
    const said = text("en")
    assert.include(said, "Net unknown: a signal names no profit")
    const from = said.indexOf("Net unknown: a signal names no profit") + 1
    assert.deepStrictEqual(said.slice(from, from + 4), [
      "Signal: MACD crosses its signal line, up",
      "RSI 60.22, MACD histogram 0.1359, momentum 0.009174, volume 10",
      "Confirmed by MACD, momentum",
      "Candles of 1 min, holds for 5 of them",
    ])
    assert.isFalse(said.some((line) => line.startsWith("Both books admit")))
  })

  it("says the same in Russian, and a signal it has no word for by its name", () => {
    assert.include(text("ru"), "Сигнал: MACD пересекает сигнальную линию, вверх")
    assert.include(text("ru"), "Свечи по 1 мин, действует 5 свечей")
    const { details } = signal
    if (details.type !== "technical") throw new Error("no signal")
    const unknown = { ...signal, details: { ...details, signal: "constructor" } }
    assert.include(read(render({ opportunity: unknown, language: "en", nowMs }).html), "Signal: constructor, up")
  })
})
