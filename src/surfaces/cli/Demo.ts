/**
 * `arbedge demo`: the whole product on simulated markets, in under a minute, with nothing installed.
 *
 * In: nothing.
 * Out: each message as its reader sees it, a live line of figures on a terminal, and a summary.
 */
import process from "node:process"
import { Console, Duration, Effect, Layer, References } from "effect"
import { Command, Flag } from "effect/cli"
import { demo as runDemo, type DemoFigures, type DemoOptions, PEOPLE, type SeenMessage } from "../../programs/Demo.ts"
import * as Markets from "../../programs/Markets.ts"
import * as Bot from "../bot/Bot.ts"
import * as Pacing from "../bot/Pacing.ts"
import { failed } from "./Failure.ts"
import { json } from "./Input.ts"
import * as Owner from "./Owner.ts"
import { percentile } from "./Percentile.ts"

const seconds = Flag.Int("seconds").pipe(Flag.withDescription("How long it runs"), Flag.withDefault(30))
const seed = Flag.Int("seed").pipe(
  Flag.withDescription("Of the simulated markets: another seed, other prices"),
  Flag.withDefault(7),
)
const live = Flag.Boolean("live").pipe(
  Flag.withDescription("Real venues instead of simulated ones (needs the internet)"),
  Flag.withDefault(false),
)

const liveMarkets = Markets.live({
  venues: ["binance", "okx", "bybit", "kraken", "coinbaseexchange"],
  instruments: ["BTC/USDT", "ETH/USDT"],
  kinds: ["quote"],
  depth: 1,
})

const TICKS_PER_SECOND = 2_000
/** Spot venues with triangles, and one of perpetuals, whose funding rate and trades are followed as well. */
const WORLD = {
  venues: ["binance", "okx", "bybit", "kraken", "coinbase", "binanceusdm"],
  kinds: ["quote", "trade", "funding"],
  crossPairs: ["ETH/BTC", "SOL/BTC"],
  ticksPerSecond: TICKS_PER_SECOND,
  dislocations: { everyMs: 3_000, minBps: 30, maxBps: 120, minMs: 5_000, maxMs: 10_000 },
} as const

/** A demo lasts less than a minute: candles of a second, and a position held long enough for funding to pay its fees. */
const hastened = (markets: Markets.Markets): Markets.Markets => ({
  ...markets,
  config: {
    ...markets.config,
    technical: { ...markets.config.technical, intervalMs: 1_000 },
    funding: { ...markets.config.funding, horizonHours: 240 },
  },
})

const bot = (owner: string) => Bot.layerPolling({ owner, holdSeconds: 1 }).pipe(Layer.provide(Pacing.layer))

const liveLine = (figures: DemoFigures, elapsed: Duration.Duration): Effect.Effect<void> =>
  Effect.sync(() => {
    if (!process.stderr.isTTY) return
    const { checks, edited, opportunities, sent, ticks } = figures
    const p50 = percentile(figures.accepted.map(({ latencyMs }) => latencyMs), 50)
    process.stderr.write(
      `\r\u001b[2K${Math.round(Duration.toSeconds(elapsed))} s · ${ticks} ticks · ${checks} checks · ` +
        `${opportunities} opportunities · ${sent} sent, ${edited} edited · p50 ${p50 ?? "-"} ms`,
    )
  })

const clearLine = Effect.sync(() => {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[2K")
})

const clockTime = (atMs: number): string => new Date(atMs).toISOString().slice(11, 23)

/** A new message as a card; an edit as one line, for the card itself has been seen. */
const shown = ({ atMs, card, edited, messageId, person, text }: SeenMessage): string => {
  const when = `${person.name}'s phone, ${clockTime(atMs)}`
  if (!edited) return `\n${when}\n${card}`
  const lines = text.split("\n")
  const news = lines.find((line) => line.startsWith("Closed") || line.startsWith("Закры")) ?? lines[0] ?? ""
  return `${when}: message ${messageId} now says "${news}"`
}

const percentiles = (values: ReadonlyArray<number>) => ({ p50: percentile(values, 50), p99: percentile(values, 99) })

const spelled = ({ p50, p99 }: ReturnType<typeof percentiles>): string => `p50 ${p50 ?? "-"} ms, p99 ${p99 ?? "-"} ms`

const summary = (figures: DemoFigures) => ({
  ticks: figures.ticks,
  checks: figures.checks,
  opportunities: figures.opportunities,
  rejected: figures.rejected,
  sent: figures.sent,
  edited: figures.edited,
  tickToAcceptedMs: percentiles(figures.accepted.map(({ latencyMs }) => latencyMs)),
  limiterWaitMs: percentiles(figures.accepted.map(({ limiterWaitMs }) => limiterWaitMs)),
  scheduledWaitMs: percentiles(figures.accepted.map(({ scheduledWaitMs }) => scheduledWaitMs)),
})

const summaryText = (figures: DemoFigures): string => {
  const { limiterWaitMs, scheduledWaitMs, tickToAcceptedMs } = summary(figures)
  const rejected = Object.entries(figures.rejected).map(([reason, count]) => `${reason} ${count}`).join(", ")
  return [
    "",
    "Summary",
    `  ticks analysed          ${figures.ticks} (${figures.checks} checks)`,
    `  opportunities found     ${figures.opportunities}`,
    `  rejected, by reason     ${rejected === "" ? "none" : rejected}`,
    `  messages                ${figures.sent} sent, ${figures.edited} edited when their opportunity changed or closed`,
    `  tick to accepted        ${spelled(tickToAcceptedMs)}`,
    `  waits for rate limits   ${spelled(limiterWaitMs)} (not counted above)`,
    `  waits for company       ${spelled(scheduledWaitMs)} (nor these)`,
  ].join("\n")
}

export const demo = Command.make(
  "demo",
  { seconds, seed, live, json },
  Effect.fn("Cli.demo")(function* (options) {
    const { what, ...markets } = options.live
      ? liveMarkets
      : hastened(Markets.simulated({ ...WORLD, seed: options.seed }))
    if (!options.json) {
      yield* Console.log(
        `${what}. Three people, an emulated Telegram, everything in this process, for ${options.seconds} s:`,
      )
      for (const { about, name } of PEOPLE) yield* Console.log(`  ${name}: ${about}`)
    }
    const owner = yield* Owner.make
    const demoOptions: DemoOptions<never> = {
      ...markets,
      owner,
      people: PEOPLE,
      duration: Duration.seconds(options.seconds),
      bot: bot(owner),
      onMessage: (message) =>
        options.json
          ? Console.log(JSON.stringify({
            event: message.edited ? "edited" : "sent",
            to: message.person.name,
            messageId: message.messageId,
            at: message.atMs,
            text: message.text,
          }))
          : Effect.andThen(clearLine, Console.log(shown(message))),
      onFigures: (figures, elapsed) => options.json ? Effect.void : liveLine(figures, elapsed),
    }
    const figures = yield* runDemo(demoOptions).pipe(
      // The messages are the show: what goes well is not told beside them.
      Effect.provideService(References.MinimumLogLevel, "Warn"),
      Effect.mapError((error) => failed(`the demo stopped: ${error.message}`, "run `arbedge doctor`")),
    )
    yield* clearLine
    yield* Console.log(options.json ? JSON.stringify({ event: "summary", ...summary(figures) }) : summaryText(figures))
  }),
).pipe(Command.withDescription("See the whole product at work on simulated markets, in under a minute"))
