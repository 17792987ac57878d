/**
 * Declarations of streams as JetStream takes them.
 *
 * In: a declaration. Out: a stream that follows it, made or brought up to date. Promises: nothing is taken away but what
 * exceeds new limits; what the server cannot change in place (storage, retention) is left as it is, and a server that refuses
 * (replicas without a cluster) says why.
 */
import { DiscardPolicy, JetStreamApiError, RetentionPolicy, StorageType } from "@nats-io/jetstream"
import { nanos } from "@nats-io/nats-core"
import { Duration } from "effect"
import type { Keeping, StreamSpec } from "../Bus.ts"
import { anyMatcher } from "../SubjectPattern.ts"
import type { Link } from "./Link.ts"

/** The server's answer when a stream of this name has another configuration. */
const STREAM_NAME_IN_USE = 10058
/** As the server writes it. */
export const NO_LIMIT = -1

export const storageOf = ({ storage }: Keeping): StorageType =>
  storage === "memory" ? StorageType.Memory : StorageType.File

const changeable = (link: Link, spec: StreamSpec) => {
  const maxAgeMs = Duration.toMillis(spec.maxAge)
  return {
    subjects: spec.subjects.map(link.names.subject),
    max_bytes: spec.maxBytes,
    max_age: nanos(maxAgeMs),
    max_msgs: spec.maxMessages ?? NO_LIMIT,
    max_msgs_per_subject: NO_LIMIT,
    max_msg_size: spec.maxMessageBytes ?? NO_LIMIT,
    discard: spec.whenFull === "refuse" ? DiscardPolicy.New : DiscardPolicy.Old,
    num_replicas: spec.replicas ?? 1,
    // The server refuses a window longer than the age.
    duplicate_window: nanos(Math.min(Duration.toMillis(spec.dedupWindow), maxAgeMs)),
    ...(forgetsSingly(link, spec) ? { allow_msg_ttl: true } : {}),
  }
}

/** A server before 2.11 knows nothing of it. */
const forgetsSingly = (link: Link, { timeToLivePerMessage = false }: StreamSpec): boolean =>
  timeToLivePerMessage && link.atLeast(2, 11, 0)

export const ensureStream = async (link: Link, spec: StreamSpec): Promise<void> => {
  const name = link.names.stream(spec.name), config = changeable(link, spec)
  try {
    await link.manager.streams.add({ name, retention: RetentionPolicy.Limits, storage: storageOf(spec), ...config })
  } catch (cause) {
    if (!(cause instanceof JetStreamApiError) || cause.code !== STREAM_NAME_IN_USE) throw cause
    await link.manager.streams.update(name, config)
  }
  if (forgetsSingly(link, spec)) link.forgetting.set(spec.name, anyMatcher(spec.subjects))
  else link.forgetting.delete(spec.name)
}
