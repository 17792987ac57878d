/**
 * Edges: a raw look at a recording: how far apart do venues quote an asset, before fees and conversions?
 *
 * In: quotes in file order (other ticks are passed over). Out: a row for each ordered pair of venues of an asset: after
 * each quote, the edge against each other venue's last quote, both ways, best level, prices as quoted (USD and USDT
 * alike, contracts not converted, no staleness limit). Promises: thresholds are strictly above and exact; `max_bps` is
 * rounded half-even to 4 digits, `at` is the first check at the unrounded maximum.
 */
import { Option } from "effect"
import * as Decimal from "../domain/Decimal.ts"
import * as Instrument from "../domain/Instrument.ts"
import type { Tick, TickOf } from "../domain/Tick.ts"

/** Floats decide where they lie further than this (in bps) from what they are compared to. */
const FLOAT_MARGIN_BPS = 1e-7

interface Side {
  readonly venue: string
  readonly instrument: string
  bid: string
  ask: string
  bidFloat: number
  askFloat: number
  readonly edges: Array<Edge>
}

interface Edge {
  readonly asset: string
  readonly buy: Side
  readonly sell: Side
  checks: number
  maxFloat: number
  maxBid: string
  maxAsk: string
  maxAt: number
  readonly above: Array<number>
  readonly episodes: Array<number>
  readonly open: Array<boolean>
}

/** Exact `(bid / ask - 1) x 10^4`, strictly above the threshold. */
const isAboveExactly = (bid: string, ask: string, thresholdBps: Decimal.Decimal): boolean =>
  Decimal.isGreater(
    Decimal.multiply(Decimal.fromChecked(bid), Decimal.TEN_THOUSAND),
    Decimal.multiply(Decimal.fromChecked(ask), Decimal.add(Decimal.TEN_THOUSAND, thresholdBps)),
  )

/** Whether bid/ask is strictly greater than bid2/ask2. */
const isGreaterRatio = (bid: string, ask: string, bid2: string, ask2: string): boolean =>
  Decimal.isGreater(
    Decimal.multiply(Decimal.fromChecked(bid), Decimal.fromChecked(ask2)),
    Decimal.multiply(Decimal.fromChecked(bid2), Decimal.fromChecked(ask)),
  )

export type EdgeRow = Readonly<Record<string, string | number | null>>

export class Edges {
  readonly #thresholds: ReadonlyArray<
    { readonly name: string; readonly float: number; readonly exact: Decimal.Decimal }
  >
  readonly #sides = new Map<string, Side>()
  readonly #byBase = new Map<string, Array<Side>>()
  quotes = 0

  /** Thresholds in basis points, as decimal text: their text names the columns. */
  constructor(thresholdsBps: ReadonlyArray<string>) {
    this.#thresholds = thresholdsBps.map((name) => ({ name, float: Number(name), exact: Decimal.fromChecked(name) }))
  }

  push(ticks: ReadonlyArray<Tick>): void {
    for (const tick of ticks) if (tick.kind === "quote") this.#quote(tick)
  }

  rows(): ReadonlyArray<EdgeRow> {
    const edges = [...this.#byBase.values()].flatMap((sides) => [...new Set(sides.flatMap((side) => side.edges))])
    return edges.map((edge) => this.#row(edge)).sort((a, b) => order(a) < order(b) ? -1 : 1)
  }

  #quote(tick: TickOf<"quote">): void {
    this.quotes++
    const side = this.#side(tick)
    if (side === null) return
    side.bid = tick.bid
    side.ask = tick.ask
    side.bidFloat = Number(tick.bid)
    side.askFloat = Number(tick.ask)
    for (const edge of side.edges) this.#check(edge, tick.ingestTime)
  }

  #check(edge: Edge, at: number): void {
    const { buy, sell } = edge
    edge.checks++
    const bps = (sell.bidFloat / buy.askFloat - 1) * 10_000
    const further = bps - edge.maxFloat
    if (
      further > FLOAT_MARGIN_BPS ||
      (further > -FLOAT_MARGIN_BPS && isGreaterRatio(sell.bid, buy.ask, edge.maxBid, edge.maxAsk))
    ) {
      edge.maxFloat = bps
      edge.maxBid = sell.bid
      edge.maxAsk = buy.ask
      edge.maxAt = at
    }
    for (let n = 0; n < this.#thresholds.length; n++) {
      const threshold = this.#thresholds[n]
      if (threshold === undefined) continue
      const over = bps - threshold.float
      const above = over > FLOAT_MARGIN_BPS ||
        (over > -FLOAT_MARGIN_BPS && isAboveExactly(sell.bid, buy.ask, threshold.exact))
      if (above) {
        edge.above[n] = (edge.above[n] ?? 0) + 1
        if (edge.open[n] !== true) edge.episodes[n] = (edge.episodes[n] ?? 0) + 1
      }
      edge.open[n] = above
    }
  }

  #side(tick: TickOf<"quote">): Side | null {
    const key = `${tick.venue}|${tick.instrument}`
    const known = this.#sides.get(key)
    if (known !== undefined) return known
    const instrument = Option.getOrNull(Instrument.parse(tick.instrument))
    if (instrument === null) return null
    const { ask, bid, venue } = tick
    const side: Side = { venue, instrument: tick.instrument, bid, ask, bidFloat: 0, askFloat: Infinity, edges: [] }
    const peers = this.#byBase.get(instrument.base) ?? []
    for (const peer of peers) {
      if (peer.venue === venue) continue
      for (const [buy, sell] of [[side, peer], [peer, side]] as const) {
        const edge = this.#edge(instrument.base, buy, sell)
        side.edges.push(edge)
        peer.edges.push(edge)
      }
    }
    this.#byBase.set(instrument.base, [...peers, side])
    this.#sides.set(key, side)
    return side
  }

  #edge(asset: string, buy: Side, sell: Side): Edge {
    const zeros = () => this.#thresholds.map(() => 0)
    const open = this.#thresholds.map(() => false)
    return {
      asset,
      buy,
      sell,
      checks: 0,
      maxFloat: -Infinity,
      maxBid: "0",
      maxAsk: "1",
      maxAt: 0,
      above: zeros(),
      episodes: zeros(),
      open,
    }
  }

  #row(edge: Edge): EdgeRow {
    const of = (venue: string) => (this.#byBase.get(edge.asset) ?? []).filter((side) => side.venue === venue).length > 1
    const columns = (name: string, values: ReadonlyArray<number>) =>
      Object.fromEntries(this.#thresholds.map((threshold, n) => [`${name}_${threshold.name}bps`, values[n] ?? 0]))
    const bid = Decimal.fromChecked(edge.maxBid), ask = Decimal.fromChecked(edge.maxAsk)
    const gain = Decimal.multiply(Decimal.subtract(bid, ask), Decimal.TEN_THOUSAND)
    return {
      asset: edge.asset,
      buy: edge.buy.venue,
      sell: edge.sell.venue,
      ...(of(edge.buy.venue) || of(edge.sell.venue)
        ? { buyInstrument: edge.buy.instrument, sellInstrument: edge.sell.instrument }
        : {}),
      checks: edge.checks,
      max_bps: Decimal.toNumber(Decimal.divide(gain, ask, Decimal.SCALE.bps)),
      at: isoOf(edge.maxAt),
      buy_ask: Number(edge.maxAsk),
      sell_bid: Number(edge.maxBid),
      ...columns("above", edge.above),
      ...columns("episodes", edge.episodes),
    }
  }
}

const order = (row: EdgeRow): string =>
  [row["asset"], row["buy"], row["sell"], row["buyInstrument"] ?? "", row["sellInstrument"] ?? ""].join(" ")

/** `2024-08-08T23:58:34.063+00:00`. */
const isoOf = (atMs: number): string => new Date(atMs).toISOString().replace("Z", "+00:00")
