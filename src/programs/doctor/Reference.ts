/**
 * `doctor` on what is known beside the markets themselves: CoinMarketCap and blackout windows.
 *
 * In: settings. Out: checks; of blackouts none where none are configured. Promises: each ends within seconds and costs
 * no credit; no key is in any of them.
 */
import { Effect, Option } from "effect"
import type { Settings } from "../../domain/Settings.ts"
import { read } from "../../layers/blackouts/BlackoutFeed.ts"
import { keyInfo } from "../../layers/coinmarketcap/CoinMarketCap.ts"
import { type Check, failing, ok, optional } from "./Check.ts"

const checkOverview = ({ coinMarketCapApiRoot, coinMarketCapKey }: Settings): Effect.Effect<Check> =>
  Option.match(coinMarketCapKey, {
    onNone: () =>
      Effect.succeed(optional(
        "coinmarketcap",
        "no key: global metrics and the largest assets are unknown",
        "set ARBEDGE_COINMARKETCAP_KEY to a key of CoinMarketCap's API",
      )),
    onSome: (key) =>
      keyInfo(key, coinMarketCapApiRoot).pipe(
        Effect.map((credits) => ok("coinmarketcap", `the key is accepted; ${credits ?? "unlimited"} credits a month`)),
        Effect.catch((error) =>
          Effect.succeed(failing(
            "coinmarketcap",
            error.message,
            error.reason === "unauthorized"
              ? "correct ARBEDGE_COINMARKETCAP_KEY"
              : "check the way to CoinMarketCap (firewall, proxy), or ARBEDGE_COINMARKETCAP_API_ROOT",
          ))
        ),
      ),
  })

const checkBlackouts = ({ blackouts }: Settings): Effect.Effect<ReadonlyArray<Check>> =>
  Option.match(blackouts, {
    onNone: () => Effect.succeed([]),
    onSome: (place) =>
      read(place).pipe(
        Effect.map((windows) => [ok("blackouts", `${windows.length} windows`)]),
        Effect.catch((error) =>
          Effect.succeed([failing("blackouts", error.message, "correct the list, or ARBEDGE_BLACKOUTS")])
        ),
      ),
  })

export const checkReference = (settings: Settings): Effect.Effect<ReadonlyArray<Check>> =>
  Effect.map(
    Effect.all([checkOverview(settings), checkBlackouts(settings)], { concurrency: "unbounded" }),
    ([overview, blackouts]) => [overview, ...blackouts],
  )
