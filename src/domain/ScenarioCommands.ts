/**
 * What people of a load run ask of the bot: how often, and what.
 *
 * In: a rate and weights, the place in the series. Out: when the n-th is asked, by whom, what of. Promises: pure and
 * without chance (EvenShares.ts): the same scenario asks the same at the same time; people ask in turn.
 */
import { Schema } from "effect"
import { withDefault } from "./ConfigValues.ts"
import { chosen, place } from "./EvenShares.ts"

/** `tap`: on "details" under the newest card in the chat; where there is none, /opportunities. */
export const Question = Schema.Literals(["opportunities", "session", "price", "market", "tap"])
export type Question = typeof Question.Type

const Weight = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

export const Commands = Schema.Struct({
  /** Over everybody who has a session. */
  perSecond: Schema.Finite.check(Schema.isBetween({ minimum: 0.01, maximum: 10_000 })),
  /** How many of each, in proportion. */
  weights: withDefault(
    Schema.Record(Question, Schema.optionalKey(Weight)).check(
      Schema.makeFilter((weights) => Object.values(weights).some((weight) => weight > 0) || "at least one above 0"),
    ),
    { opportunities: 4, session: 1, price: 2, market: 1, tap: 2 },
  ),
})
export type Commands = typeof Commands.Type

const STEPS = { question: (Math.sqrt(5) - 1) / 2, asset: Math.sqrt(7) }

export interface Asked {
  /** Since the first tick was due. */
  readonly afterMs: number
  readonly question: Question
  /** By their place among those who ask, and among the assets. */
  readonly person: number
  readonly asset: number
}

/** The n-th, from 0 on; `people` is at least 1. */
export const askedAt = (
  { perSecond, weights }: Commands,
  n: number,
  { assets, people }: { readonly people: number; readonly assets: number },
): Asked => ({
  afterMs: Math.floor((n + 1) * 1_000 / perSecond),
  question: chosen(
    Question.literals.map((value) => ({ value, weight: weights[value] ?? 0 })),
    place(STEPS.question, n),
  ) ?? "opportunities",
  person: n % people,
  asset: Math.floor(place(STEPS.asset, n) * assets),
})
