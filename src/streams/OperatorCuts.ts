/**
 * OperatorCuts: which outside operators the NATS server cut off for not reading, told where admins look.
 *
 * In: what the server says when a connection of an operator's account ends; the generated configuration lets the service
 * hear it, elsewhere there is silence. Out: a warning, and a count by operator and reason. Promises: it only listens; who
 * leaves by himself is counted and not warned of.
 */
import { Effect, Metric, Option, Schedule, Schema, Stream } from "effect"
import { EVERY_DISCONNECT, operatorOf } from "../domain/Operator.ts"
import { Bus } from "../layers/Bus.ts"

const CAPACITY = 256
const CUT = "Slow Consumer"

const Ended = Schema.fromJsonString(Schema.Struct({
  client: Schema.Struct({ acc: Schema.String }),
  reason: Schema.String,
}))
const decode = Schema.decodeUnknownOption(Ended)
const decoder = new TextDecoder()

const endedTotal = Metric.counter("operator_connections_ended_total", {
  description: "Connections of outside operators that ended, by operator and reason",
})

const again = Schedule.min([Schedule.exponential("50 millis"), Schedule.spaced("2 seconds")]).pipe(Schedule.jittered)

const hear = Effect.fnUntraced(function* (data: Uint8Array) {
  const ended = decode(decoder.decode(data))
  if (Option.isNone(ended)) return
  const { client, reason } = ended.value, operator = operatorOf(client.acc)
  yield* Metric.update(Metric.withAttributes(endedTotal, { operator, reason }), 1)
  if (reason.startsWith(CUT)) yield* Effect.logWarning(`operator ${operator} was cut off: ${reason}`)
})

/** Runs until interrupted; never fails. */
export const hearCuts: Effect.Effect<never, never, Bus> = Effect.gen(function* () {
  const bus = yield* Bus
  return yield* Stream.runForEach(bus.subscribeLive(EVERY_DISCONNECT, CAPACITY), ({ data }) => hear(data)).pipe(
    Effect.retry(again),
    Effect.andThen(Effect.never),
    Effect.orDie,
  )
})
