/**
 * Relay: facts of the outbox go out on the bus.
 *
 * In: rows of `outbox`, woken by NOTIFY. Out: `evt.v1.>`, durable, message id = row id. Promises: at least once, in order
 * of ids, by one process at a time; while the bus is away the rows wait. Published rows are forgotten after a day.
 */
import { Clock, Duration, Effect, Option } from "effect"
import { described } from "../domain/contract/Headers.ts"
import { Bus } from "../layers/Bus.ts"
import { Outbox, type OutboxFact } from "../layers/Outbox.ts"
import { Channel } from "../layers/Store.ts"
import { whileOwner } from "./Ownership.ts"
import { dueOrTold } from "./Wakeup.ts"

const BATCH = 256
const KEEP_PUBLISHED = Duration.days(1)
const RETRY_AFTER = Duration.millis(500)

const encoder = new TextEncoder()

export interface RelayOptions {
  /** Unique for each process start. */
  readonly owner: string
}

export const relay = Effect.fn("Relay.relay")(function* (options: RelayOptions) {
  const bus = yield* Bus, outbox = yield* Outbox

  const publish = (facts: ReadonlyArray<OutboxFact>, nowMs: number) =>
    bus.publishAll(facts.map(({ id, payload, subject }) => ({
      subject,
      messageId: id,
      data: encoder.encode(JSON.stringify(payload)),
      headers: described({ publish: nowMs }),
    })))

  const some = Effect.gen(function* () {
    const nowMs = yield* Clock.currentTimeMillis
    const sent = yield* outbox.relayBatch({
      limit: BATCH,
      nowMs,
      publish: (facts) => Effect.asVoid(publish(facts, nowMs)),
    })
    if (sent === 0) yield* outbox.prune(nowMs - Duration.toMillis(KEEP_PUBLISHED))
    return sent > 0
  }).pipe(
    Effect.catchTag("BusError", (error) =>
      Effect.logWarning("facts wait for the bus", error.reason).pipe(
        Effect.andThen(Effect.sleep(RETRY_AFTER)),
        Effect.as(false),
      )),
  )

  return yield* whileOwner(
    { name: "relay", owner: options.owner },
    dueOrTold({ channel: Channel.outbox, name: "relay", round: some, nextDueAt: () => Effect.succeed(Option.none()) }),
  )
})
