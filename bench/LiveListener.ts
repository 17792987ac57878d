/**
 * The subscriber of live-subject: a thread of its own with a connection of its own, as a client elsewhere would be.
 *
 * In: where the server is. Out: "ready" once it listens; to each "figures" what was heard since the last one: latencies
 * from Stage-Times' `receive` to arrival, ticks told and left out, and what the sequences say was missed.
 */
import { parentPort, workerData } from "node:worker_threads"
import { connect } from "@nats-io/transport-node"
import { Option, Schema } from "effect"
import { Conflated } from "../src/domain/contract/Events.ts"
import {
  Header,
  type LiveSequence,
  missedBetween,
  parseLiveSequence,
  parseStageTimes,
} from "../src/domain/contract/Headers.ts"

export interface Heard {
  readonly latenciesMs: ReadonlyArray<number>
  readonly told: number
  readonly skipped: number
  readonly missed: number
}

const { url } = Schema.decodeUnknownSync(Schema.Struct({ url: Schema.String }))(workerData)
const decodeConflated = Schema.decodeUnknownOption(Schema.fromJsonString(Conflated))

let latenciesMs: Array<number> = [], told = 0, skipped = 0, missed = 0
const before = new Map<string, LiveSequence>()

const connection = await connect({ servers: url })
connection.subscribe("*.md.v1.>", {
  callback: (error, message) => {
    if (error !== null) throw error
    const { receive } = parseStageTimes(message.headers?.get(Header.stageTimes))
    if (receive !== undefined && receive !== null) latenciesMs.push(Date.now() - receive)
    const sequence = parseLiveSequence(message.headers?.get(Header.liveSequence))
    if (Option.isSome(sequence)) {
      const last = before.get(message.subject)
      if (last !== undefined) missed += Option.getOrElse(missedBetween(last, sequence.value), () => 0)
      before.set(message.subject, sequence.value)
    }
    if (!message.subject.endsWith(".gap")) told++
    else skipped += Option.match(decodeConflated(message.string()), { onNone: () => 0, onSome: (gap) => gap.skipped })
  },
})
await connection.flush()

parentPort?.on("message", () => {
  parentPort?.postMessage({ latenciesMs, told, skipped, missed } satisfies Heard)
  latenciesMs = []
  told = skipped = missed = 0
})
parentPort?.postMessage("ready")
