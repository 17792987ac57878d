/**
 * Asking a venue over REST, at intervals, for what it has no channel for.
 *
 * In: what is wanted, an exchange whose calls pass the gate. Out: its answers to the intake. Promises: one round after
 * another, each call in turn; what stands in one answer is told before the next is asked for; ends only by failing with
 * the error of a round, and where the venue has sockets beside it, not even then.
 */
import { Duration, Effect } from "effect"
import type { FeedKind } from "../../domain/Feed.ts"
import type { VenueId } from "../../domain/Instrument.ts"
import type { ExchangeError } from "../Exchange.ts"
import type { CcxtExchange } from "./CcxtShape.ts"
import { ask } from "./Connection.ts"
import type { FiledIntake } from "./FiledIntake.ts"
import type { Filed } from "./VenueAdapter.ts"

export interface PollingOptions {
  readonly venue: VenueId
  readonly filed: Filed
  readonly exchange: CcxtExchange
  readonly intake: FiledIntake
  readonly instruments: ReadonlyArray<string>
  readonly kinds: ReadonlyArray<FeedKind>
  /** Whether books come over REST. */
  readonly booksByRest: boolean
  readonly everyMs: number
  /** The venue has no socket: a round that fails is the loss of the venue, and one that succeeds its return. */
  readonly alone: boolean
  readonly answered: () => void
}

/** One round of calls. */
const round = Effect.fn("Ccxt.poll")(function* (options: PollingOptions) {
  const { booksByRest, exchange, filed, instruments, intake, venue } = options
  const kinds = options.kinds.filter((kind) => filed.polled.includes(kind))
  const take = (what: string, call: () => Promise<unknown>, trades: string | null = null) =>
    Effect.map(ask(venue, what, call), (answer) => intake.polled(answer, trades))

  const { funding, tickers } = filed
  if (kinds.includes("quote") && tickers !== undefined) {
    const byTicker = instruments.filter((instrument) => !intake.quotedByBook.includes(instrument))
    if (byTicker.length > 0) yield* take("tickers", () => tickers(exchange, byTicker))
  }
  const books = kinds.includes("book") ? instruments : booksByRest ? intake.quotedByBook : []
  for (const instrument of books) yield* take(`book of ${instrument}`, () => exchange.fetchOrderBook(instrument))
  if (kinds.includes("trade")) {
    for (const instrument of instruments) {
      yield* take(`trades of ${instrument}`, () => exchange.fetchTrades(instrument), instrument)
    }
  }
  const perpetual = instruments.filter((instrument) => exchange.market(instrument).swap === true)
  if (kinds.includes("funding") && funding !== undefined && perpetual.length > 0) {
    yield* take("funding rates", () => funding(exchange, perpetual))
  }
  if (options.alone) options.answered()
})

/** Rounds for ever. */
export const poll = (options: PollingOptions): Effect.Effect<never, ExchangeError> => {
  const attempt = options.alone ? round(options) : Effect.catch(
    round(options),
    ({ detail, reason }) => Effect.logWarning(`${options.venue} over REST: ${reason}: ${detail}; asked again later`),
  )
  return Effect.forever(Effect.andThen(attempt, Effect.sleep(Duration.millis(options.everyMs))))
}
