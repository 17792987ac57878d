/**
 * Follows scored opportunities with NATS.js alone: deno run -A examples/FollowOpportunities.ts [how many] [subject]
 * Live: nothing of before is told. Whoever must not miss any resumes from a sequence (Resume.ts).
 */
import process from "node:process"
import { connect } from "@nats-io/transport-node"

interface Opportunity {
  readonly id: string
  readonly revision: number
  readonly state: string
  readonly type: string
  readonly legs: ReadonlyArray<{ side: string; venue: string; instrument: string; size: string; price: string }>
  readonly currency: string
  readonly netProfit: string | null
  readonly netBps: string | null
  readonly score: number | null
}

const { NATS_URL = "nats://127.0.0.1:4222", NATS_USER: user, NATS_PASSWORD: pass = "" } = process.env
const account = user === undefined ? {} : { user, pass, inboxPrefix: `_INBOX_${user}` }
const connection = await connect({ servers: NATS_URL, ...account })

const [, , howMany = "Infinity", subject = "opp.v1.>"] = process.argv
let left = Number(howMany)

for await (const message of connection.subscribe(subject)) {
  const told = message.json<Opportunity>()
  const plan = told.legs.map((leg) => `${leg.side} ${leg.size} ${leg.instrument} on ${leg.venue} at ${leg.price}`)
  console.log(`${told.state} ${told.type} ${told.id} revision ${told.revision}: ${plan.join(", ")}`)
  console.log(`  net ${told.netProfit} ${told.currency}, ${told.netBps} bps, score ${told.score}`)
  if (--left <= 0) break
}
await connection.close()
