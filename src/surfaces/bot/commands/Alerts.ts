/**
 * /alerts: price alerts, listed and made.
 *
 * In: a member; nothing, or "BTC/USDT > 70000", "kraken:ETH/USDT < 1500 repeat". Out: the menu, or an alert and how the
 * price stands to it. Promises: only markets that are followed are taken; the plan's number is never exceeded; a price
 * that is beyond already has to come back before it can cross.
 */
import { Effect, Option } from "effect"
import * as Decimal from "../../../domain/Decimal.ts"
import { isBeyond, median, read, type WantedAlert } from "../../../domain/PriceAlert.ts"
import { limitsOf } from "../../../domain/Tier.ts"
import { PriceAlerts } from "../../../layers/PriceAlerts.ts"
import { QuoteBoard } from "../../../streams/QuoteBoard.ts"
import type { Command } from "../Command.ts"
import { freshMiddles, priceText } from "../MarketTables.ts"
import { alertName } from "../menus/Alerts.ts"
import { open } from "../menus/Menus.ts"
import { say } from "../Replies.ts"
import { html } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"

const LISTED = 20

/** Why the market cannot be watched, as HTML; null: it is followed. */
const unfollowed = Effect.fnUntraced(function* ({ preferences: { language } }: Member, wanted: WantedAlert) {
  const { instruments, venues } = yield* QuoteBoard
  if (wanted.venue !== null && !venues.includes(wanted.venue)) {
    return html(language, "market-unknown-venue", { venue: wanted.venue, venues: venues.join(", ") })
  }
  return instruments.includes(wanted.instrument) ? null : html(language, "alerts-unknown", {
    name: wanted.instrument,
    markets: instruments.slice(0, LISTED).join(", ") + (instruments.length > LISTED ? ", …" : ""),
  })
})

const priceNow = Effect.fnUntraced(function* ({ instrument, venue }: WantedAlert) {
  const board = yield* QuoteBoard
  const rows = yield* board.rows([instrument], { tickers: false })
  return median(freshMiddles(venue === null ? rows : rows.filter((row) => row.venue === venue)))
})

const make = Effect.fnUntraced(function* (member: Member, wanted: WantedAlert) {
  const { preferences: { language }, user, visit } = member
  const port = yield* PriceAlerts
  const now = yield* priceNow(wanted)
  const beyond = Option.exists(now, (price) => isBeyond(wanted.direction, Decimal.fromChecked(wanted.price), price))
  const limit = limitsOf(user.tier, user.role).priceAlerts
  const armed = Option.isSome(now) && !beyond
  const answer = yield* port.add({ userId: user.userId, wanted, armed, limit, nowMs: visit.nowMs })
  const alert = alertName(wanted, language)
  if (answer._tag === "Known") return html(language, "alerts-known", { alert })
  if (answer._tag === "TooMany") return html(language, "alerts-too-many", { limit, tier: user.tier })
  const price = Option.match(now, { onNone: () => "", onSome: (known) => priceText(Decimal.format(known), language) })
  return [
    html(language, "alerts-made", { alert }),
    price === ""
      ? html(language, "alerts-now.unknown")
      : html(language, beyond ? "alerts-now.beyond" : "alerts-now", { price }),
    html(language, wanted.repeats ? "alerts-how.repeats" : "alerts-how"),
  ].join("\n")
})

export const alerts: Command = {
  name: "alerts",
  run: Effect.fn("Command.alerts")(function* (member) {
    const { preferences: { language }, visit: { argument, chatId } } = member
    if (argument === "") return yield* open(member, { menu: "alerts" })
    const wanted = read(argument)
    if (typeof wanted === "string") return yield* say(chatId, html(language, `alerts-wrong.${wanted}`))
    const why = yield* unfollowed(member, wanted)
    yield* say(chatId, why ?? (yield* make(member, wanted)))
  }),
}
