/**
 * StageLatencies: how long an opportunity took from one stage to the next, as a histogram.
 *
 * In: the times that stand in a transition's header, and when its rows were stored; of live and simulated data alone,
 * since a recording's times are not ours. Out: `stage_latency_seconds` by stage. Promises: a stage that is not known is
 * not counted; a clock that is ahead counts as no time.
 */
import { Clock, Effect, Metric } from "effect"
import { Header, parseStageTimes } from "../domain/contract/Headers.ts"
import type { StoredMessage } from "../layers/Bus.ts"

const latency = Metric.histogram("stage_latency_seconds", {
  description:
    "From one stage to the next: venue_to_receive, receive_to_detect, detect_to_publish, publish_to_queue, " +
    "queue_to_accepted (limiter waits taken out)",
  boundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
})

type Stage =
  | "venue_to_receive"
  | "receive_to_detect"
  | "detect_to_publish"
  | "publish_to_queue"
  | "queue_to_accepted"

export const took = (stage: Stage, ms: number): Effect.Effect<void> =>
  Metric.update(Metric.withAttributes(latency, { stage }), Math.max(0, ms) / 1_000)

/** Of a transition whose rows have just been stored. */
export const noteQueued = ({ headers }: Pick<StoredMessage, "headers">): Effect.Effect<void> =>
  Effect.gen(function* () {
    if (headers[Header.dataSource] === "recorded") return
    const { detect, publish, receive, venue } = parseStageTimes(headers[Header.stageTimes])
    const between = (stage: Stage, from: number | null | undefined, to: number | null | undefined) =>
      from == null || to == null ? Effect.void : took(stage, to - from)
    yield* between("venue_to_receive", venue, receive)
    yield* between("receive_to_detect", receive, detect)
    yield* between("detect_to_publish", detect, publish)
    yield* between("publish_to_queue", publish, yield* Clock.currentTimeMillis)
  })
