/**
 * /price and /market: what the followed exchanges bid and ask for an asset or a pair now.
 *
 * In: a member, "BTC", "BTC/USDT" or "kraken:BTC/USDT". Out: one message, prices side by side with age and source; of
 * /market also who moves first, where that is known.
 * Promises: what is not followed is said, with what is; nothing is shown that no source told.
 */
import { Effect, Option } from "effect"
import { AnalysisResults } from "../../../layers/AnalysisResults.ts"
import { QuoteBoard } from "../../../streams/QuoteBoard.ts"
import type { Command } from "../Command.ts"
import { assetsOf, meant } from "../MarketNames.ts"
import { marketTable } from "../MarketTables.ts"
import { say } from "../Replies.ts"
import { html } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"

/** More markets of an asset than this do not fit one message. */
const INSTRUMENTS = 4
const LISTED = 20

/** What still holds of who moves first. */
const correlationsOf = Effect.fnUntraced(function* (instruments: ReadonlyArray<string>, nowMs: number) {
  const results = yield* AnalysisResults
  const known = yield* Effect.forEach(instruments, (instrument) => results.newest("correlation", instrument, nowMs))
  return known.flatMap((found) => Option.isSome(found) && found.value.type === "correlation" ? [found.value] : [])
})

const show = Effect.fnUntraced(function* ({ preferences: { language }, visit }: Member, whole: boolean) {
  const board = yield* QuoteBoard
  const { argument, chatId, nowMs } = visit
  const command = whole ? "market" : "price"
  const followed = assetsOf(board.instruments)
  const assets = followed.length === 0
    ? html(language, "market-nothing-followed")
    : followed.slice(0, LISTED).join(", ") + (followed.length > LISTED ? ` +${followed.length - LISTED}` : "")
  if (argument === "") return yield* say(chatId, html(language, "market-usage", { command, assets }))
  const { instruments, venue } = meant(argument, board)
  if (venue !== null && !board.venues.includes(venue)) {
    const venues = board.venues.join(", ")
    return yield* say(chatId, html(language, "market-unknown-venue", { venue, venues }))
  }
  if (instruments.length === 0) {
    return yield* say(chatId, html(language, "market-unknown", { name: argument.slice(0, 40), assets }))
  }
  const rows = yield* board.rows(instruments.slice(0, INSTRUMENTS), { tickers: whole })
  const shown = venue === null ? rows : rows.filter((row) => row.venue === venue)
  if (shown.length === 0) return yield* say(chatId, html(language, "market-unlisted", { name: argument.slice(0, 40) }))
  const correlations = whole
    ? yield* correlationsOf([...new Set(shown.map(({ instrument }) => instrument))], nowMs)
    : []
  yield* say(chatId, marketTable(shown, language, { whole, correlations }))
})

export const price: Command = { name: "price", run: Effect.fn("Command.price")((member) => show(member, false)) }
export const market: Command = { name: "market", run: Effect.fn("Command.market")((member) => show(member, true)) }
