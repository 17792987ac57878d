/**
 * What is on a NATS server that concerns us: streams, buckets, and who reads them.
 *
 * In: the link. Out: everything under our prefixes, and every other stream that stores a subject of ours. Promises: it
 * changes nothing; a stream or reader that goes away meanwhile is left out.
 */
import { DiscardPolicy, StorageType, type StreamInfo } from "@nats-io/jetstream"
import { millis } from "@nats-io/nats-core"
import { Effect } from "effect"
import type { BusError, FoundStream, Kept, Reader } from "../Bus.ts"
import { overlaps } from "../SubjectPattern.ts"
import type { Link } from "./Link.ts"
import { bucketStream } from "./Names.ts"

/** Zero and less are no limit. */
const limit = (value: number): number | null => value > 0 ? value : null

type Named = Pick<FoundStream, "name" | "kind"> & { readonly isOurs: boolean }

const nameOf = (link: Link, server: string): Named => {
  const streams = link.names.stream(""), buckets = bucketStream(streams)
  if (server.startsWith(buckets)) return { name: server.slice(buckets.length), kind: "bucket", isOurs: true }
  const isBucket = server.startsWith(bucketStream(""))
  return server.startsWith(streams) && !isBucket
    ? { name: server.slice(streams.length), kind: "stream", isOurs: true }
    : { name: server, kind: isBucket ? "bucket" : "stream", isOurs: false }
}

/** Those of its subjects that can hold one of ours. */
const oursOf = (link: Link, subjects: ReadonlyArray<string>): ReadonlyArray<string> => {
  const everything = link.names.subject(">")
  return subjects.filter((subject) => overlaps(subject, everything)).map(link.names.local)
}

const keptOf = (link: Link, { config }: StreamInfo, { isOurs, kind }: Named): Kept => ({
  subjects: isOurs && kind === "bucket" ? [] : oursOf(link, config.subjects ?? []),
  maxBytes: limit(config.max_bytes),
  maxAgeMs: limit(millis(config.max_age)),
  maxMessages: limit(config.max_msgs),
  maxMessagesPerSubject: limit(config.max_msgs_per_subject),
  maxMessageBytes: limit(config.max_msg_size),
  dedupWindowMs: millis(config.duplicate_window),
  whenFull: config.discard === DiscardPolicy.New ? "refuse" : "discard_old",
  retention: config.retention,
  replicas: config.num_replicas,
  storage: config.storage === StorageType.Memory ? "memory" : "file",
  timeToLivePerMessage: link.atLeast(2, 11, 0) ? config.allow_msg_ttl === true : null,
})

const collected = async <A>(pages: AsyncIterable<A>): Promise<ReadonlyArray<A>> => {
  const all: Array<A> = []
  for await (const one of pages) all.push(one)
  return all
}

const NOBODY: Effect.Effect<ReadonlyArray<Reader>> = Effect.succeed([])

const readersOf = (link: Link, server: string): Effect.Effect<ReadonlyArray<Reader>, BusError> =>
  link.request("survey", server, () => collected(link.manager.consumers.list(server))).pipe(
    Effect.map((consumers) =>
      consumers.map(({ name, num_ack_pending, num_pending, num_redelivered }) => ({
        name,
        pending: num_pending,
        unanswered: num_ack_pending,
        redelivered: num_redelivered,
      }))
    ),
    Effect.catchIf((error) => error.reason === "stream_missing", () => Effect.succeed([])),
  )

export const survey = Effect.fnUntraced(function* (link: Link) {
  const infos = yield* link.request("survey", "", () => collected(link.manager.streams.list()))
  const found = infos.map((info) => {
    const named = nameOf(link, info.config.name)
    return { info, named, kept: keptOf(link, info, named) }
  })
  const concerning = found.filter(({ kept, named }) => named.isOurs || kept.subjects.length > 0)
  return yield* Effect.forEach(
    concerning,
    ({ info: { config, state }, kept, named: { kind, name } }) =>
      Effect.map(state.consumer_count === 0 ? NOBODY : readersOf(link, config.name), (readers): FoundStream => ({
        name,
        kind,
        kept,
        state: {
          firstSequence: state.first_seq,
          lastSequence: state.last_seq,
          messages: state.messages,
          bytes: state.bytes,
        },
        readers,
      })),
    { concurrency: 8 },
  )
})
