/**
 * What is on the embedded bus, in the words of the port.
 *
 * In: streams with their workers, buckets. Out: what each is allowed, holds, and who reads it. Promises: nothing but what
 * is past its age is taken away by looking.
 */
import { Duration, Option } from "effect"
import type { BucketSpec, FoundStream, Kept, StreamSpec } from "../Bus.ts"
import type { Bucket } from "./Bucket.ts"
import type { StreamLog } from "./StreamLog.ts"
import type { WorkGroup } from "./WorkGroup.ts"

/** There is one copy of everything, in memory. */
const HERE = { retention: "limits", replicas: 1, storage: "memory" } as const

const keptOfStream = (spec: StreamSpec): Kept => ({
  ...HERE,
  subjects: spec.subjects,
  maxBytes: spec.maxBytes,
  maxAgeMs: Duration.toMillis(spec.maxAge),
  maxMessages: spec.maxMessages ?? null,
  maxMessagesPerSubject: null,
  maxMessageBytes: spec.maxMessageBytes ?? null,
  dedupWindowMs: Duration.toMillis(spec.dedupWindow),
  whenFull: spec.whenFull ?? "discard_old",
  timeToLivePerMessage: spec.timeToLivePerMessage ?? false,
})

const keptOfBucket = (spec: BucketSpec): Kept => ({
  ...HERE,
  subjects: [],
  maxBytes: spec.maxBytes,
  maxAgeMs: Option.getOrNull(Option.map(spec.timeToLive, Duration.toMillis)),
  maxMessages: null,
  maxMessagesPerSubject: 1,
  maxMessageBytes: spec.maxValueBytes ?? null,
  dedupWindowMs: 0,
  whenFull: "refuse",
  timeToLivePerMessage: false,
})

export const foundStream = (
  log: StreamLog,
  groups: ReadonlyMap<string, WorkGroup>,
  nowMs: number,
): FoundStream => {
  log.expire(nowMs)
  return {
    name: log.spec.name,
    kind: "stream",
    kept: keptOfStream(log.spec),
    state: log.state(),
    readers: [...groups.values()].map(({ reader }) => reader),
  }
}

export const foundBucket = (bucket: Bucket, nowMs: number): FoundStream => ({
  name: bucket.spec.name,
  kind: "bucket",
  kept: keptOfBucket(bucket.spec),
  state: bucket.state(nowMs),
  readers: [],
})
