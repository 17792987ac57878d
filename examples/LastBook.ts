/**
 * Fetches the last book of a market with NATS.js alone: deno run -A examples/LastBook.ts [venue.market.base-quote]
 * The bucket is written once a second; from `expiresAt` on a book is no longer to be used.
 */
import process from "node:process"
import { jetstream } from "@nats-io/jetstream"
import { Kvm } from "@nats-io/kv"
import { connect } from "@nats-io/transport-node"

interface Entry {
  readonly expiresAt: number
  readonly ticks: readonly [Book]
}
interface Book {
  readonly venue: string
  readonly instrument: string
  readonly ingestTime: number
  readonly bids: ReadonlyArray<readonly [price: string, size: string]>
  readonly asks: ReadonlyArray<readonly [price: string, size: string]>
}

const { NATS_URL = "nats://127.0.0.1:4222", NATS_USER: user, NATS_PASSWORD: pass = "" } = process.env
const account = user === undefined ? {} : { user, pass, inboxPrefix: `_INBOX_${user}` }
const connection = await connect({ servers: NATS_URL, ...account })
const js = jetstream(connection, user === undefined ? {} : { domain: "arbedge" })

const [, , market = "kraken.spot.BTC-USDT"] = process.argv
const found = await (await new Kvm(js).open("market_data", { allow_direct: true })).get(`${market}.book`)
if (found === null) console.log(`no book of ${market} is kept: are books followed there?`)
else {
  const { expiresAt, ticks: [book] } = found.json<Entry>()
  const show = (levels: Book["bids"]) => levels.slice(0, 3).map(([price, size]) => `${size} at ${price}`).join(", ")
  console.log(`${book.venue} ${book.instrument} of ${new Date(book.ingestTime).toISOString()}`)
  console.log(
    `  bids ${show(book.bids)}\n  asks ${show(book.asks)}${expiresAt < Date.now() ? "\n  past its time" : ""}`,
  )
}
await connection.close()
