/**
 * Plans of cycles: the best round through the books of some slots, with its legs and everything a reader needs.
 *
 * In: a loop of markets and its best round. Out: a plan, and the input from which the round can be recomputed. Promises:
 * what is shown is what was priced; fees are in the asset that a leg receives; what lots leave over is told.
 */
import { Option } from "effect"
import * as Cycle from "../../domain/Cycle.ts"
import * as Decimal from "../../domain/Decimal.ts"
import { type InputsOf, marketEvidence } from "../../domain/Evidence.ts"
import { type MarketView, watched, type WatchedDepth } from "../../domain/MarketView.ts"
import type { Leg } from "../../domain/Opportunity.ts"
import type { Plan } from "./Candidate.ts"
import type { Loop, Step } from "./CycleGraph.ts"

/** Caps of the operator, and the net basis points that a telling must lie above. */
export interface Terms {
  /** Of the start asset. */
  readonly most: Option.Option<Decimal.Decimal>
  /** Of what each side shows. */
  readonly visibleShare: Option.Option<Decimal.Decimal>
  readonly openBps: Decimal.Decimal
}

/** A leg whose depth knows how far it was looked at. */
export interface WatchedLeg extends Cycle.CycleLeg {
  readonly depth: WatchedDepth
}

const walkedSide = (side: "buy" | "sell") => side === "buy" ? "asks" : "bids"

/** How a market is gone through; `share` of what its book shows at most. */
export const legOf = (slot: MarketView, side: "buy" | "sell", share: Option.Option<Decimal.Decimal>): WatchedLeg => {
  const depth = watched(slot.depth(walkedSide(side)))
  const limit = (text: string | undefined) => Option.map(Option.fromNullishOr(text), Decimal.fromChecked)
  return {
    side,
    depth,
    fee: slot.fee,
    step: Option.getOrElse(limit(slot.lot.step), () => Cycle.FINEST_STEP),
    minAmount: limit(slot.lot.minAmount),
    minNotional: limit(slot.lot.minNotional),
    most: Option.map(share, (part) => Decimal.multiply(slot.visible(walkedSide(side)), part)),
  }
}

const shownLeg = ({ market, side, to }: Step<MarketView>, made: Cycle.Trade, atMs: number): Leg => ({
  venue: market.venue,
  instrument: market.instrument.name,
  side,
  size: Decimal.format(made.size),
  price: Decimal.format(Decimal.divide(made.total, made.size, Decimal.SCALE.price)),
  levels: made.levels.map(([price, taken]) => [Decimal.format(price), Decimal.format(taken)] as const),
  contracts: null,
  contractSize: null,
  fee: Decimal.format(made.fee),
  feeCurrency: to,
  feeRate: market.fees.taker,
  bookSeq: market.book.seq,
  bookAgeMs: atMs - market.seenAt,
})

/** What remains of the assets on the way; what is not spent of the start asset was never put in. */
const leftOver = (loop: Loop<MarketView>, { trades }: Cycle.Round) =>
  trades.flatMap(({ leftOver }, at) =>
    at === 0 || Decimal.isZero(leftOver) ? [] : [{ asset: loop[at]?.from ?? "", amount: Decimal.format(leftOver) }]
  )

/** Without evidence, which `inputsOf` gathers. */
export const planOf = (
  loop: Loop<MarketView>,
  legs: ReadonlyArray<WatchedLeg>,
  { capacity, round }: Cycle.Best,
  atMs: number,
): Plan => {
  const start = loop[0]?.from ?? ""
  return {
    legs: loop.flatMap((step, at) => {
      const made = round.trades[at]
      return made === undefined ? [] : [shownLeg(step, made, atMs)]
    }),
    size: round.start,
    capacity,
    notional: round.start,
    currency: start,
    grossBps: Cycle.grossBps(legs, round),
    netBps: round.netBps,
    netProfit: round.netProfit,
    holdsUntil: null,
    details: {
      type: "triangular",
      start,
      startAmount: Decimal.format(round.start),
      endAmount: Decimal.format(round.end),
      path: [...loop.map(({ from }) => from), start],
      leftOver: leftOver(loop, round),
      feeTable: loop.find(({ market }) => market.fees.table !== null)?.market.fees.table ?? null,
    },
    inputs: null,
    notes: [],
  }
}

/** Everything that the best round depends on; to be taken after it was found and before a book changes. */
export const inputsOf = (
  loop: Loop<MarketView>,
  legs: ReadonlyArray<WatchedLeg>,
  { most, openBps, visibleShare }: Terms,
  atMs: number,
): InputsOf<"triangular"> => {
  const text = (cap: Option.Option<Decimal.Decimal>) => Option.getOrNull(Option.map(cap, Decimal.format))
  return {
    type: "triangular",
    at: atMs,
    openBps: Decimal.format(openBps),
    start: loop[0]?.from ?? "",
    maxStart: text(most),
    visibleShare: text(visibleShare),
    markets: loop.flatMap(({ market, side }, at) => {
      const depth = legs[at]?.depth
      const capped = Option.isSome(visibleShare)
      return depth === undefined ? [] : [marketEvidence(market, { [walkedSide(side)]: depth }, atMs, capped)]
    }),
  }
}
