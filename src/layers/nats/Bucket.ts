/**
 * A key-value bucket on JetStream: one value per key, kept for the bucket's time to live since the last write.
 *
 * In: writes. Out: entries, revisions (the stream's sequence), watches. Promises: `create` and `update` are compared
 * and set by the server; nobody is told of an expiry; a write beyond `maxBytes` is rejected. Nothing is repeated by
 * itself: a `timeout` may or may not have written. A watch outlives reconnects and goes on where it stood; a slow one
 * sees only the latest of each key.
 */
import { type KV, Kvm } from "@nats-io/kv"
import { millis, nanos } from "@nats-io/nats-core"
import { Duration, Effect, Option, Stream } from "effect"
import { type BucketSpec, BusError, type Entry, type KeyValue, type StoredMessage } from "../Bus.ts"
import { isKey, isKeyFilter } from "../SubjectPattern.ts"
import type { Link } from "./Link.ts"
import { bucketStream } from "./Names.ts"
import { readOrdered } from "./OrderedReader.ts"
import { NO_LIMIT, storageOf } from "./Streams.ts"

const OPERATION_HEADER = "KV-Operation"
const WATCH_CAPACITY = 256

/** What the library makes it, where the time to live is not shorter: the server refuses a window that is longer. */
const DEDUP_WINDOW_MS = 120_000

const changeable = (spec: BucketSpec) => ({
  max_age: nanos(Option.match(spec.timeToLive, { onNone: () => 0, onSome: Duration.toMillis })),
  duplicate_window: nanos(Math.min(
    DEDUP_WINDOW_MS,
    Option.match(spec.timeToLive, { onNone: () => Infinity, onSome: Duration.toMillis }),
  )),
  max_bytes: spec.maxBytes,
  max_msg_size: spec.maxValueBytes ?? NO_LIMIT,
  num_replicas: spec.replicas ?? 1,
})

/** Opens the bucket, makes it if it is not there, and brings its limits up to date. */
export const openBucket = Effect.fnUntraced(function* (link: Link, spec: BucketSpec) {
  const name = link.names.stream(spec.name)
  const wanted = changeable(spec)
  const store = yield* link.request("bucket", spec.name, async () => {
    const kv = await new Kvm(link.connection).create(name, {
      history: 1,
      ttl: millis(wanted.max_age),
      max_bytes: wanted.max_bytes,
      maxValueSize: wanted.max_msg_size,
      replicas: wanted.num_replicas,
      storage: storageOf(spec),
    })
    const { config } = await link.manager.streams.info(bucketStream(name))
    const isAsWanted = config.max_age === wanted.max_age && config.max_bytes === wanted.max_bytes &&
      config.max_msg_size === wanted.max_msg_size && config.num_replicas === wanted.num_replicas
    if (!isAsWanted) await link.manager.streams.update(bucketStream(name), wanted)
    return kv
  })
  return keyValue(link, spec.name, name, store)
})

const keyValue = (link: Link, bucket: string, name: string, store: KV): KeyValue => {
  const refuse = (reason: "rejected" | "revision_conflict", operation: string, key: string, detail: string) =>
    Effect.fail(new BusError({ reason, operation, subject: `${bucket}/${key}`, detail }))

  /** Our own answers to what the server would not even be asked. */
  const onKey = <A>(operation: string, key: string, call: () => Promise<A>): Effect.Effect<A, BusError> =>
    isKey(key) ? link.request(operation, `${bucket}/${key}`, call) : refuse("rejected", operation, key, "not a key")

  const filtered = <A, E>(operation: string, filter: string, effect: Effect.Effect<A, E>) =>
    isKeyFilter(filter) ? effect : refuse("rejected", operation, filter, "not a key filter")

  const root = `$KV.${name}.`
  const change = (message: StoredMessage) => {
    const key = message.subject.slice(root.length)
    const { data: value, sequence: revision, storedAtMs } = message
    const entry: Option.Option<Entry> = message.headers[OPERATION_HEADER] === undefined
      ? Option.some({ key, value, revision, storedAtMs })
      : Option.none()
    return { key, entry }
  }

  return {
    get: Effect.fn("KeyValue.get")(function* (key) {
      const found = yield* onKey("get", key, () => store.get(key))
      return found === null || found.operation !== "PUT" ? Option.none() : Option.some({
        key,
        value: found.value,
        revision: found.revision,
        storedAtMs: found.created.getTime(),
      })
    }),
    put: Effect.fn("KeyValue.put")((key, value) => onKey("put", key, () => store.put(key, value))),
    create: Effect.fn("KeyValue.create")((key, value) => onKey("create", key, () => store.create(key, value))),
    update: Effect.fn("KeyValue.update")((key, value, revision) =>
      revision > 0
        ? onKey("update", key, () => store.update(key, value, revision))
        : refuse("revision_conflict", "update", key, "no entry has this revision")
    ),
    remove: Effect.fn("KeyValue.remove")((key) => onKey("remove", key, () => store.delete(key))),
    erase: Effect.fn("KeyValue.erase")((filter) =>
      filtered(
        "erase",
        filter,
        link.request("erase", `${bucket}/${filter}`, async () => {
          await link.manager.streams.purge(bucketStream(name), { filter: root + filter })
        }),
      )
    ),
    keys: Effect.fn("KeyValue.keys")((filter) =>
      filtered(
        "keys",
        filter,
        // The library waits for ever if the link breaks in the middle.
        link.bounded(
          "keys",
          `${bucket}/${filter}`,
          link.request("keys", `${bucket}/${filter}`, async () => {
            const keys: Array<string> = []
            for await (const key of await store.keys(filter)) keys.push(key)
            return keys
          }),
        ),
      )
    ),
    watch: (filter) =>
      Stream.unwrap(filtered(
        "watch",
        filter,
        Effect.succeed(
          readOrdered(link, {
            operation: "watch",
            stream: bucketStream(name),
            subjects: [root + filter],
            start: { _tag: "LastPerSubject" },
            capacity: WATCH_CAPACITY,
          }).pipe(Stream.flattenIterable, Stream.map(change)),
        ),
      )),
  }
}
