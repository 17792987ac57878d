/**
 * A user's price alerts.
 *
 * In: a member, a page. Out: those that are not done, and a button to delete each. Promises: how many the plan allows is
 * shown; eight a page.
 */
import { Effect } from "effect"
import type { PriceAlert, WantedAlert } from "../../../domain/PriceAlert.ts"
import type { Language } from "../../../domain/Preferences.ts"
import { limitsOf } from "../../../domain/Tier.ts"
import { PriceAlerts } from "../../../layers/PriceAlerts.ts"
import { priceText } from "../MarketTables.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import { close, inRows, pageOf, turning } from "./Choosing.ts"
import type { Item, Menu } from "./Menu.ts"

const A_PAGE = 8

/** "kraken:BTC/USDT > 70,000". */
export const alertName = (
  { direction, instrument, price, venue }: Pick<WantedAlert, "direction" | "instrument" | "price" | "venue">,
  language: Language,
): string =>
  `${venue === null ? "" : `${venue}:`}${instrument} ${direction === "above" ? ">" : "<"} ${priceText(price, language)}`

const deletion = ({ preferences: { language }, user }: Member, alert: PriceAlert): Item => ({
  text: `✖ ${alertName(alert, language)}`,
  press: Effect.gen(function* () {
    const alerts = yield* PriceAlerts
    yield* alerts.remove(user.userId, alert.alertId)
    return { answer: plain(language, "alerts-deleted", { alert: alertName(alert, language) }) }
  }),
})

export const alertsMenu: Menu = {
  id: "alerts",
  permission: "alerts",
  draw: Effect.fnUntraced(function* (member: Member, param: string) {
    const { preferences: { language }, user } = member
    const alerts = yield* Effect.flatMap(PriceAlerts, (port) => port.of(user.userId))
    const pages = Math.max(1, Math.ceil(alerts.length / A_PAGE)), page = pageOf(param, pages)
    const shown = alerts.slice(page * A_PAGE, (page + 1) * A_PAGE)
    const limit = limitsOf(user.tier, user.role).priceAlerts
    return {
      html: [
        html(language, alerts.length === 0 ? "alerts-none" : "alerts-title", { count: alerts.length, limit }),
        ...shown.map((alert) =>
          html(language, alert.repeats ? "alerts-line.repeats" : "alerts-line", { alert: alertName(alert, language) })
        ),
        html(language, "alerts-usage"),
      ].join("\n"),
      rows: [
        ...inRows(shown.map((alert) => deletion(member, alert)), 1),
        turning("alerts", page, pages),
        ...alerts.length === 0 ? [] : [[close(language)]],
      ],
    }
  }),
}
