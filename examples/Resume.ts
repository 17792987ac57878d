/**
 * Reads every opportunity from a sequence on, with NATS.js alone: deno run -A examples/Resume.ts [sequence] [how many]
 * Nothing is missed or comes twice while the stream keeps it (a week); the sequence to go on from is the reader's own.
 */
import process from "node:process"
import { jetstreamManager } from "@nats-io/jetstream"
import { connect, delay } from "@nats-io/transport-node"

interface Opportunity {
  readonly id: string
  readonly revision: number
  readonly state: string
}

const { NATS_URL = "nats://127.0.0.1:4222", NATS_USER: user, NATS_PASSWORD: pass = "" } = process.env
const account = user === undefined ? {} : { user, pass, inboxPrefix: `_INBOX_${user}` }
const connection = await connect({ servers: NATS_URL, ...account })
const options = { checkAPI: false, ...(user === undefined ? {} : { domain: "arbedge" }) }
const { streams } = await jetstreamManager(connection, options)

const [, , from = "1", howMany = "Infinity"] = process.argv
let sequence = Number(from), left = Number(howMany)

while (left > 0) {
  const stored = await streams.getMessage("OPP", { seq: sequence })
  if (stored !== null) {
    const { id, revision, state } = stored.json<Opportunity>()
    console.log(`${sequence} ${state} ${id} revision ${revision}`)
    sequence++
    left--
    continue
  }
  const { first_seq: first } = (await streams.info("OPP")).state
  if (sequence < first) console.log(`${sequence} to ${first - 1} are no longer kept`)
  sequence = Math.max(sequence, first)
  await delay(250)
}
await connection.close()
