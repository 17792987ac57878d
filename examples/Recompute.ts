/**
 * Recomputes a cross-exchange opportunity from its levels and fees: deno run -A examples/Recompute.ts [sequence]
 * NATS.js alone and whole numbers, so that every digit can be compared; without a sequence, the last one stored.
 */
import process from "node:process"
import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"

type Leg = { side: string; feeRate: string; feeCurrency: string; levels: Array<[price: string, size: string]> }
type Opportunity = { id: string; currency: string; netProfit: string; netBps: string; legs: Array<Leg> }

const { NATS_URL = "nats://127.0.0.1:4222", NATS_USER: user, NATS_PASSWORD: pass = "" } = process.env
const account = user === undefined ? {} : { user, pass, inboxPrefix: `_INBOX_${user}` }
const connection = await connect({ servers: NATS_URL, ...account })
const options = { checkAPI: false, ...(user === undefined ? {} : { domain: "arbedge" }) }
const { streams } = await jetstreamManager(connection, options), seq = Number(process.argv[2] ?? 0)
const wanted = seq > 0 ? { seq } : { last_by_subj: "opp.v1.cross_exchange.>" }
const told = (await streams.getMessage("OPP", wanted))?.json<Opportunity>()
await connection.close()

const ONE = 10n ** 18n
const exact = (text: string) =>
  BigInt(text.replace(/^(-?\d+)\.?(\d*)$/, (_, whole, part) => whole + part.padEnd(18, "0")))
/** A quotient with so many digits behind the point, half to even. */
const rounded = (above: bigint, below: bigint, digits: number) => {
  const scaled = (above < 0n ? -above : above) * 10n ** BigInt(digits), twice = 2n * (scaled % below)
  const whole = scaled / below, up = twice > below || (twice === below && whole % 2n === 1n)
  const text = String(up ? whole + 1n : whole).padStart(digits + 1, "0")
  return `${above < 0n ? "-" : ""}${text.slice(0, -digits)}.${text.slice(-digits)}`.replace(/\.?0+$/, "")
}
const total = (leg?: Leg) => leg?.levels.reduce((sum, [price, size]) => sum + exact(price) * exact(size), 0n) ?? 0n
const [buy, sell] = ["buy", "sell"].map((side) => told?.legs.find((leg) => leg.side === side))
// A fee in base is paid by buying more, which the levels show already.
const cost = total(buy) * (ONE + (buy?.feeCurrency === told?.currency ? exact(buy?.feeRate ?? "0") : 0n))
const net = total(sell) * (ONE - exact(sell?.feeRate ?? "0")) - cost
console.log(`${told?.id}: told ${told?.netProfit} ${told?.currency}, ${told?.netBps} bps`)
console.log(`recomputed ${rounded(net, ONE ** 3n, 8)} ${told?.currency}, ${rounded(net * 10_000n, cost, 4)} bps`)
