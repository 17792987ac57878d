/**
 * QuoteBoard: what the followed venues ask and bid for an instrument now, side by side.
 *
 * In: canonical instruments. Out: a row for each followed venue that lists them. Promises: every figure says its age and
 * source; a venue that does not answer is shown as such, with the reason, never with an old or a made-up figure.
 */
import { Context, Effect, Layer, Option, Result } from "effect"
import type { FeedRequest } from "../domain/Feed.ts"
import type { DataSource } from "../domain/Frame.ts"
import type { MarketSource, SourceReason } from "../domain/MarketQuery.ts"
import type { TickOf } from "../domain/Tick.ts"
import { type DataUnavailable, MarketAccess } from "./MarketAccess.ts"

const AT_A_TIME = 16

export interface Figure<K extends "quote" | "ticker"> {
  readonly tick: TickOf<K>
  readonly ageMs: number
  readonly source: MarketSource
  readonly data: DataSource
}

export interface BoardRow {
  readonly venue: string
  readonly instrument: string
  /** Or why there is none. */
  readonly quote: Figure<"quote"> | SourceReason
  /** Last price and the volumes of a day, where the venue tells them and they were asked for. */
  readonly ticker: Figure<"ticker"> | null
}

const reasonOf = ({ failures }: DataUnavailable): SourceReason => failures.at(-1)?.reason ?? "nothing_known"

export class QuoteBoard extends Context.Service<QuoteBoard, {
  /** Followed, in the order of the settings. */
  readonly venues: ReadonlyArray<string>
  /** Followed on any of them. */
  readonly instruments: ReadonlyArray<string>
  readonly rows: (
    instruments: ReadonlyArray<string>,
    options: { readonly tickers: boolean },
  ) => Effect.Effect<ReadonlyArray<BoardRow>>
}>()("arbedge/QuoteBoard") {
  static readonly layer = (requests: ReadonlyArray<FeedRequest>): Layer.Layer<QuoteBoard, never, MarketAccess> =>
    Layer.effect(QuoteBoard, make(requests))

  /** Where no market is followed: it knows these names and nothing of them. */
  static readonly silent = (
    names: { readonly venues: ReadonlyArray<string>; readonly instruments: ReadonlyArray<string> } = {
      venues: [],
      instruments: [],
    },
  ): Layer.Layer<QuoteBoard> => Layer.succeed(QuoteBoard, { ...names, rows: () => Effect.succeed([]) })
}

const make = (requests: ReadonlyArray<FeedRequest>) =>
  Effect.gen(function* () {
    const access = yield* MarketAccess

    const row = Effect.fnUntraced(function* (venue: string, instrument: string, tickers: boolean) {
      const [quote, ticker] = yield* Effect.all([
        Effect.result(access.ask({ kind: "quote", venue, instrument })),
        tickers ? Effect.option(access.ask({ kind: "ticker", venue, instrument })) : Effect.succeedNone,
      ], { concurrency: 2 })
      const figure = Result.match(quote, {
        onFailure: reasonOf,
        onSuccess: ({ ageMs, data, source, ticks: [tick] }): Figure<"quote"> => ({ tick, ageMs, source, data }),
      })
      if (figure === "unknown_instrument") return []
      const day = Option.map(ticker, ({ ageMs, data, source, ticks: [tick] }): Figure<"ticker"> => ({
        tick,
        ageMs,
        source,
        data,
      }))
      return [{ venue, instrument, quote: figure, ticker: Option.getOrNull(day) } satisfies BoardRow]
    })

    return {
      venues: requests.map(({ venue }) => venue),
      instruments: [...new Set(requests.flatMap(({ instruments }) => instruments))],
      rows: Effect.fn("QuoteBoard.rows")(
        (instruments: ReadonlyArray<string>, { tickers }: { readonly tickers: boolean }) =>
          Effect.map(
            Effect.forEach(
              instruments.flatMap((instrument) =>
                requests.filter((request) => request.instruments.includes(instrument))
                  .map(({ venue }) => [venue, instrument] as const)
              ),
              ([venue, instrument]) => row(venue, instrument, tickers),
              { concurrency: AT_A_TIME },
            ),
            (rows): ReadonlyArray<BoardRow> => rows.flat(),
          ),
      ),
    }
  })
