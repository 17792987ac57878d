/**
 * Sharing settings: the operator's strategies and tickets, checked.
 *
 * In: `ARBEDGE_STRATEGIES` and `ARBEDGE_MIN_TICKETS` as lists of name=value. Out: rules for the stage Choose, or what is
 * wrong with them, naming the variable. Promises: a name or a value that nobody knows is refused, never passed over.
 */
import { Effect, Option, Schema } from "effect"
import { OPPORTUNITY_TYPES, OpportunityType } from "../domain/Opportunity.ts"
import { Strategy } from "../domain/Strategy.ts"
import type { SharingRules } from "../streams/Choose.ts"

export class SharingRefused extends Schema.TaggedError<SharingRefused>()("SharingRefused", {
  variable: Schema.String,
  detail: Schema.String,
}) {
  override get message(): string {
    return `${this.variable} is refused: ${this.detail}`
  }
}

const pairsOf = (list: ReadonlyArray<string>): ReadonlyArray<readonly [string, string]> =>
  list.map((entry) => {
    const [name = "", value = ""] = entry.split("=").map((part) => part.trim())
    return [name, value]
  })

const decodeType = Schema.decodeUnknownOption(OpportunityType)
const decodeStrategy = Schema.decodeUnknownOption(Strategy)

export const sharingRulesOf = Effect.fnUntraced(function* (
  { minTickets, strategies }: {
    readonly strategies: ReadonlyArray<string>
    readonly minTickets: ReadonlyArray<string>
  },
): Effect.fn.Return<SharingRules, SharingRefused> {
  const byType = new Map<OpportunityType, Strategy>(), byCurrency = new Map<string, number>()
  for (const [name, value] of pairsOf(strategies)) {
    const type = decodeType(name), strategy = decodeStrategy(value)
    const refused = Option.isNone(type)
      ? `"${name}" is no type: ${OPPORTUNITY_TYPES.join(", ")}`
      : Option.isNone(strategy)
      ? `"${value}" is no strategy: ${Strategy.literals.join(", ")}`
      : null
    if (refused !== null || Option.isNone(type) || Option.isNone(strategy)) {
      return yield* new SharingRefused({ variable: "ARBEDGE_STRATEGIES", detail: refused ?? "" })
    }
    byType.set(type.value, strategy.value)
  }
  for (const [currency, value] of pairsOf(minTickets)) {
    const amount = Number(value)
    if (currency === "" || !Number.isFinite(amount) || amount <= 0) {
      const detail = `"${currency}=${value}": a currency and an amount above zero are wanted`
      return yield* new SharingRefused({ variable: "ARBEDGE_MIN_TICKETS", detail })
    }
    byCurrency.set(currency, amount)
  }
  return { strategies: byType, minTickets: byCurrency }
})
