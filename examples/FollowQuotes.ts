/**
 * Follows live quotes with NATS.js alone: deno run -A examples/FollowQuotes.ts [how many] [subject]
 * A quote replaces the one before it; what a subscriber missed shows in the count that stands beside each message.
 */
import process from "node:process"
import { connect } from "@nats-io/transport-node"

interface Quote {
  readonly venue: string
  readonly instrument: string
  readonly bid: string
  readonly ask: string
}

const { NATS_URL = "nats://127.0.0.1:4222", NATS_USER: user, NATS_PASSWORD: pass = "" } = process.env
const account = user === undefined ? {} : { user, pass, inboxPrefix: `_INBOX_${user}` }
const connection = await connect({ servers: NATS_URL, ...account })

const [, , howMany = "Infinity", subject = "md.v1.*.*.*.quote"] = process.argv
const counts = new Map<string, { writer: string; n: number }>()
let left = Number(howMany)

for await (const message of connection.subscribe(subject)) {
  const { ask, bid, instrument, venue } = message.json<Quote>()
  const [, writer = "", count = "0"] = /^(.*)\/(\d+)$/.exec(message.headers?.get("Live-Sequence") ?? "") ?? []
  const before = counts.get(message.subject), n = Number(count)
  counts.set(message.subject, { writer, n })
  const missed = before?.writer === writer ? n - before.n - 1 : 0
  console.log(`${venue} ${instrument} ${bid} / ${ask}${missed > 0 ? ` (${missed} missed)` : ""}`)
  if (--left <= 0) break
}
await connection.close()
