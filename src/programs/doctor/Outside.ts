/**
 * `doctor` on what lies beyond our servers: Telegram and the venues.
 *
 * In: settings. Out: checks. Promises: each answers within its time; no token is in any of them; venues are only asked
 * when the caller wants it.
 */
import { Duration, Effect, Option, type Redacted } from "effect"
import type { Settings } from "../../domain/Settings.ts"
import { Exchange } from "../../layers/Exchange.ts"
import { Telegram, type TelegramError } from "../../layers/Telegram.ts"
import * as Client from "../../layers/telegram/Client.ts"
import { type Check, failing, missing, ok, optional } from "./Check.ts"

const TELEGRAM_TIMEOUT = Duration.seconds(5)
const VENUE_TIMEOUT = Duration.seconds(20)

const telegramTrouble = (apiRoot: string) => (error: TelegramError): Check => {
  const { reason } = error
  const refused = "detail" in reason && /Unauthorized|Not Found/i.test(reason.detail)
  return failing(
    "telegram",
    `${apiRoot}: ${error.message}`,
    refused
      ? "the token is not accepted: take it from @BotFather again and set ARBEDGE_TELEGRAM_TOKEN"
      : "check the way to the Bot API (firewall, proxy), or ARBEDGE_TELEGRAM_API_ROOT",
  )
}

const withToken = (token: Redacted.Redacted, apiRoot: string): Effect.Effect<Check> =>
  Effect.flatMap(Telegram, ({ me }) => me).pipe(
    Effect.map(({ firstName, username }) => ok("telegram", `${firstName} (@${username}) at ${apiRoot}`)),
    Effect.catch((error) => Effect.succeed(telegramTrouble(apiRoot)(error))),
    Effect.provide(Client.layer({ token, apiRoot, timeout: TELEGRAM_TIMEOUT })),
  )

const webhook = ({ telegramWebhookSecret, telegramWebhookUrl }: Settings): ReadonlyArray<Check> =>
  Option.match(telegramWebhookUrl, {
    onNone: () => [],
    onSome: (url) => {
      const name = "webhook"
      if (!url.startsWith("https://")) {
        return [
          failing(name, `${url} is no https URL`, "Telegram posts to https only: correct ARBEDGE_TELEGRAM_WEBHOOK_URL"),
        ]
      }
      return Option.isNone(telegramWebhookSecret)
        ? [missing(name, `${url}, without a secret`, "set ARBEDGE_TELEGRAM_WEBHOOK_SECRET to 32 random letters or so")]
        : [ok(name, url)]
    },
  })

export const checkTelegram = (settings: Settings): Effect.Effect<ReadonlyArray<Check>> =>
  Option.match(settings.telegramToken, {
    onNone: () =>
      Effect.succeed([
        optional("telegram", "no token: no bot and no messages", "set ARBEDGE_TELEGRAM_TOKEN to @BotFather's token"),
      ]),
    onSome: (token) => Effect.map(withToken(token, settings.telegramApiRoot), (check) => [check, ...webhook(settings)]),
  })

const venueCheck = (venue: string): Effect.Effect<Check, never, Exchange> => {
  const name = `venue ${venue}`
  return Effect.gen(function* () {
    const exchange = yield* Exchange
    const found = `${(yield* exchange.markets(venue)).length} markets`
    return exchange.venues.includes(venue) ? ok(name, found) : ok(
      name,
      `${found}; it has no adapter here and is followed by what ccxt says of it`,
      "name its fee and what else the detection should know of it in ARBEDGE_DETECT_CONFIG: nothing is shipped for it",
    )
  }).pipe(
    Effect.catch((error) =>
      Effect.succeed(failing(
        name,
        `${error.reason}: ${error.detail}`,
        error.reason === "unknown_venue"
          ? "correct ARBEDGE_VENUES"
          : "check the way to the venue, or leave it out of ARBEDGE_VENUES",
      ))
    ),
    Effect.timeoutOrElse({
      duration: VENUE_TIMEOUT,
      orElse: () =>
        Effect.succeed(
          failing(
            name,
            `no answer within ${Duration.format(VENUE_TIMEOUT)}`,
            "check the way to the venue (firewall, proxy)",
          ),
        ),
    }),
  )
}

/** One after the other: each loads a list of a few megabytes. */
export const checkVenues = ({ venues }: Settings): Effect.Effect<ReadonlyArray<Check>, never, Exchange> =>
  Effect.forEach(venues, venueCheck)
