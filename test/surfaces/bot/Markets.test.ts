/** /price, /market and /alerts: what the board tells, and nothing else; alerts made, refused, listed and deleted. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import type { Correlations } from "../../../src/domain/MarketAnalysis.ts"
import { AnalysisResults } from "../../../src/layers/AnalysisResults.ts"
import { PriceAlerts } from "../../../src/layers/PriceAlerts.ts"
import { Users } from "../../../src/layers/Users.ts"
import { type BoardRow, QuoteBoard } from "../../../src/streams/QuoteBoard.ts"
import { ann } from "../../simulators/telegram/support.ts"
import { t0 } from "../../suites/StoreWorld.ts"
import { fresh, world } from "../../support/actors.ts"
import { quote } from "../../support/ticks.ts"
import { type Conversation, conversation, polled, surroundings } from "./running.ts"

const quoted = (
  venue: string,
  instrument: string,
  prices: readonly [string, string],
  ageMs: number,
  changes: Partial<BoardRow> = {},
): BoardRow => ({
  venue,
  instrument,
  quote: { tick: quote(venue, instrument, t0, prices, { bidSize: "1.25" }), ageMs, source: "stream", data: "live" },
  ticker: null,
  ...changes,
})

const rows: ReadonlyArray<BoardRow> = [
  quoted("binance", "BTC/USDT", ["69999.9", "70000.1"], 300, {
    ticker: {
      tick: {
        v: 1,
        kind: "ticker",
        venue: "binance",
        instrument: "BTC/USDT",
        venueTime: null,
        ingestTime: t0,
        last: "70000",
        baseVolume: "12345.678",
      },
      ageMs: 300,
      source: "stream",
      data: "live",
    },
  }),
  quoted("kraken", "BTC/USDT", ["70020", "70025"], 1_200),
  { venue: "okx", instrument: "BTC/USDT", quote: "timeout", ticker: null },
  quoted("binance", "BTC/USDT:USDT", ["69990", "69991"], 20_000),
]

const board = Layer.succeed(QuoteBoard, {
  venues: ["binance", "kraken", "okx"],
  instruments: ["BTC/USDT:USDT", "BTC/USDT", "ETH/USDT"],
  rows: (instruments) => Effect.succeed(rows.filter(({ instrument }) => instruments.includes(instrument))),
})

const life = <E, R>(body: (conversation: Conversation) => Effect.Effect<void, E, R>) =>
  Effect.andThen(
    fresh,
    Effect.flatMap(conversation, body).pipe(
      Effect.provide(Layer.provideMerge(Layer.provide(polled, board), surroundings())),
    ),
  )

const held = Effect.flatMap(
  Users,
  (users) =>
    Effect.flatMap(
      users.byTelegramId(`${ann}`),
      (user) => PriceAlerts.use((alerts) => alerts.of(Option.getOrThrow(user).userId)),
    ),
)

layer(world, { timeout: "60 seconds" })("The bot's market commands", (it) => {
  it.effect("show an asset's prices side by side, with age and source, and no price where none is known", () =>
    life(({ say }) =>
      Effect.gen(function* () {
        yield* say(ann, "/start")
        assert.deepStrictEqual((yield* say(ann, "/price btc")).split("\n"), [
          "💱 BTC/USDT, bid / ask",
          "• binance: 69,999.9 / 70,000.1 (300 ms old, streamed)",
          "• kraken: 70,020 / 70,025 (1.2 s old, streamed)",
          "• okx: no price (no answer in time)",
          "Cheapest to buy 70,000.1 on binance, dearest to sell 70,020 on kraken: 2.84 bps before fees.",
          "",
          "💱 BTC/USDT:USDT, bid / ask",
          "• binance: 69,990 / 69,991 (20 s old, streamed)",
        ])
        assert.deepStrictEqual((yield* say(ann, "/market binance:BTC/USDT")).split("\n"), [
          "📊 BTC/USDT, bid / ask",
          "• binance: 69,999.9 / 70,000.1 (300 ms old, streamed)",
          "   spread 0.03 bps; 1.25 / 1 BTC at these prices",
          "   a day: 12,346 BTC",
        ])
      })
    ))

  it.effect("say which venue moves first, while that holds, and nothing where none does", () =>
    life(({ say }) =>
      Effect.gen(function* () {
        yield* say(ann, "/start")
        const results = yield* AnalysisResults
        const on = (venue: string, instrument = "BTC/USDT") => ({ venue, instrument })
        const pair = { correlation: 0.3, ratio: 0.2, moves: 900 }
        const analysis: Omit<Correlations, "at" | "expiresAt"> = {
          v: 1,
          type: "correlation",
          instrument: "BTC/USDT",
          spanMs: 300_000,
          simulated: false,
          others: [],
          pairs: [
            { ...pair, a: on("binance"), b: on("kraken"), lagMs: 150, atLag: 0.8, leader: "a" },
            { ...pair, a: on("binance"), b: on("binanceusdm", "BTC/USDT:USDT"), lagMs: -50, atLag: 0.9, leader: "b" },
            { ...pair, a: on("kraken"), b: on("okx"), lagMs: 0, atLag: 0.95, leader: null },
          ],
        }
        yield* results.save([{ ...analysis, at: t0, expiresAt: t0 + 900_000 }], t0)
        const table = (yield* say(ann, "/market binance:BTC/USDT")).split("\n")
        assert.deepStrictEqual(table.slice(-2), [
          "⏱ binanceusdm BTC/USDT:USDT moves first, binance follows 50 ms later (correlation 0.90, last 5 min).",
          "⏱ binance moves first, kraken follows 150 ms later (correlation 0.80, last 5 min).",
        ])
        assert.notInclude(yield* say(ann, "/price BTC/USDT"), "moves first")
        yield* results.save([{ ...analysis, at: t0 + 1, expiresAt: t0 }], t0)
        assert.notInclude(yield* say(ann, "/market binance:BTC/USDT"), "moves first")
      })
    ))

  it.effect("say what is not followed, and what is", () =>
    life(({ say }) =>
      Effect.gen(function* () {
        yield* say(ann, "/start")
        assert.match(yield* say(ann, "/price"), /^💱 Write what you want to know: \/price BTC.*\nFollowed: BTC, ETH$/)
        assert.strictEqual(yield* say(ann, "/market <b>"), "🤔 I do not follow <b>. Followed: BTC, ETH")
        assert.include(yield* say(ann, "/price mtgox:BTC"), "I do not follow the exchange mtgox. Followed: binance")
        assert.include(yield* say(ann, "/price okx:BTC/USDT:USDT"), "No followed exchange lists okx:BTC/USDT:USDT")
      })
    ))

  it.effect("make alerts as they are written, as many as the plan allows, and delete them", () =>
    life(({ messages, say, tap }) =>
      Effect.gen(function* () {
        yield* say(ann, "/start")
        assert.match(
          yield* say(ann, "/alerts"),
          /^⏰ You have no price alerts. Your plan allows 3.\nMake one: \/alerts/,
        )
        assert.deepStrictEqual((yield* say(ann, "/alerts btc/usdt > 71,000")).split("\n"), [
          "⏰ I will tell you: BTC/USDT > 71,000",
          "The price is 70,011.25 now.",
          "Once. /alerts lists and deletes.",
        ])
        assert.include(yield* say(ann, "/alerts BTC/USDT > 71000"), "You have this alert already")
        const beyond = yield* say(ann, "/alerts kraken:BTC/USDT > 70000 repeat")
        assert.include(beyond, "The price is 70,022.5 now, beyond it already")
        assert.include(yield* say(ann, "/alerts ETH/USDT < 1500"), "No fresh price is known right now")
        assert.deepStrictEqual((yield* held).map(({ state }) => state), ["armed", "new", "new"])
        assert.include(yield* say(ann, "/alerts ETH/USDT < 1400"), "Your plan (free) allows 3 price alerts at a time.")
        assert.deepStrictEqual((yield* say(ann, "/alerts")).split("\n").slice(0, 4), [
          "⏰ Your price alerts (3 of 3)",
          "• BTC/USDT > 71,000",
          "• kraken:BTC/USDT > 70,000, again and again",
          "• ETH/USDT < 1,500",
        ])
        assert.include(yield* tap(ann, "✖ ETH/USDT < 1,500"), "Deleted: ETH/USDT < 1,500")
        assert.include((yield* messages(ann)).at(-1), "Your price alerts (2 of 3)")
        assert.strictEqual((yield* held).length, 2)
      })
    ))

  it.effect("answer nonsense with what was wrong, in Russian too", () =>
    life(({ emulator, say }) =>
      Effect.gen(function* () {
        yield* emulator.addPrivateChat({ id: 107, firstName: "Оля", languageCode: "ru" })
        yield* say(107, "/start")
        assert.include(yield* say(107, "/alerts завтра"), "Это не похоже на оповещение")
        assert.include(yield* say(107, "/alerts BTC > 1"), "Это не пара")
        assert.include(yield* say(107, "/alerts BTC/USDT > 0"), "Это не цена")
        assert.include(
          yield* say(107, "/alerts DOGE/USDT > 1"),
          "За DOGE/USDT я не слежу. Отслеживаются: BTC/USDT:USDT",
        )
        assert.deepStrictEqual((yield* say(107, "/alerts BTC/USDT < 65000,5 повтор")).split("\n"), [
          "⏰ Я сообщу: BTC/USDT < 65\u00a0000.5",
          "Сейчас цена — 70\u00a0011.25.",
          "Каждый раз, когда цена отойдёт обратно на 0,2% и пересечёт порог снова. Список и удаление — /alerts.",
        ])
        assert.include(yield* say(107, "/market BTC/USDT"), "спред 0.71 bps; 1.25 / 1 BTC по этим ценам")
      })
    ))
})
