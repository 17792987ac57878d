/**
 * UserCaching: the buckets of people behind the port UserCache, and what empties them.
 *
 *   read --sealed, this version--> told        --anything else, late or away--> nothing: the store is asked
 *   change --notice of its transaction--> the person's entries are erased    --notices missed--> everybody's are
 *
 * In: values and versions; notices on `audience`. Out: entries sealed by the Vault, under Telegram ids; what was read
 * is kept open in memory for a minute, under the same versions. Promises: a reader waits for 50 ms at most, and for nothing in
 * the second after the bus did not answer; writes wait behind the answer, 1,024 of them, further ones are dropped;
 * whatever is not opened under its own key and version counts as absent.
 */
import {
  Clock,
  Deferred,
  Duration,
  Effect,
  Layer,
  Metric,
  Option,
  Queue,
  Redacted,
  Ref,
  Schedule,
  Schema,
  Semaphore,
  Stream,
} from "effect"
import { Asked } from "../domain/Dialogue.ts"
import type { TelegramId } from "../domain/User.ts"
import type { Bus, KeyValue } from "../layers/Bus.ts"
import type { Leases } from "../layers/Leases.ts"
import { SeenSession, UserCache, type UserSlotName } from "../layers/UserCache.ts"
import { Users } from "../layers/Users.ts"
import { type About, Vault } from "../layers/Vault.ts"
import { whileOwner } from "./Ownership.ts"
import { openBucket, PEOPLE_BUCKETS } from "./Topology.ts"

/** Entries that this process keeps open beside the buckets, and for how long; the one put in first goes first. */
const KEPT = 4_096
const KEPT_FOR_MS = 60_000
const PATIENCE = Duration.millis(50)
const REST_MS = 1_000
const WRITES = 1_024
const WRITE_DEADLINE = Duration.seconds(2)
/** More people than these at once: everything goes. */
const FEW = 64
/** What is only shown of a session has no version, and is not kept open here. */
const UNVERSIONED = -1

/** Those of a person, under their Telegram id. */
const SLOTS = ["preferences", "eligibility", "profile", "session"] as const
/** Those, and what a session was asked, under its id. */
type Slot = UserSlotName | "session" | "session_temp"

const seenSession = Schema.fromJsonString(SeenSession), asked = Schema.fromJsonString(Asked)
const encodeSeen = Schema.encodeSync(seenSession), decodeSeen = Schema.decodeUnknownOption(seenSession)
const encodeAsked = Schema.encodeSync(asked), decodeAsked = Schema.decodeUnknownOption(asked)

const Entry = Schema.fromJsonString(Schema.Struct({
  v: Schema.Literal(1),
  version: Schema.Int,
  value: Schema.String,
}))
const encodeEntry = Schema.encodeSync(Entry)
const decodeEntry = Schema.decodeUnknownOption(Entry)

const reads = Metric.counter("user_cache_reads_total", {
  description: "Looks into the caches of people, by bucket and outcome: hit, miss, stale, failed",
})

const encoder = new TextEncoder(), decoder = new TextDecoder()

const aboutOf = (slot: Slot, id: string): About => ({ user: id, purpose: `cache:${slot}`, record: id })

const again = Schedule.min([Schedule.exponential("200 millis"), Schedule.spaced("5 seconds")]).pipe(Schedule.jittered)

/** Opens the buckets in the background, as often as it takes. */
const openBuckets = Effect.gen(function* () {
  const opened = yield* Deferred.make<Readonly<Record<Slot | "rateLimit", KeyValue>>>()
  const { eligibility, preferences, profile, rateLimit, session, sessionTemp } = PEOPLE_BUCKETS
  yield* Effect.all({
    session: openBucket(session),
    session_temp: openBucket(sessionTemp),
    eligibility: openBucket(eligibility),
    preferences: openBucket(preferences),
    profile: openBucket(profile),
    rateLimit: openBucket(rateLimit),
  }).pipe(
    Effect.tapError((error) => Effect.logWarning("the buckets of people cannot be opened", error.reason, error.detail)),
    Effect.retry(again),
    Effect.flatMap((buckets) => Deferred.succeed(opened, buckets)),
    Effect.orDie,
    Effect.forkScoped,
  )
  return opened
})

interface Kept {
  readonly id: string
  readonly version: number
  readonly value: string
  readonly untilMs: number
}

const make = Effect.gen(function* () {
  const vault = yield* Vault
  const opened = yield* openBuckets
  /** No look before then (ms): the bus did not answer. */
  const restUntil = yield* Ref.make(0)

  const counted = (slot: Slot, outcome: "hit" | "miss" | "stale" | "failed") =>
    Metric.update(Metric.withAttributes(reads, { bucket: slot, outcome }), 1)

  const look = Effect.fnUntraced(function* (slot: Slot, id: string) {
    const found = yield* (yield* Deferred.await(opened))[slot].get(id)
    if (Option.isNone(found)) return Option.none()
    const plain = yield* vault.open(decoder.decode(found.value.value), aboutOf(slot, id))
    return decodeEntry(Redacted.value(plain))
  })

  /** What was read here within the last minute: a version tells as well here as there whether it still holds. */
  const kept = new Map<string, Kept>()
  const keep = (slot: Slot, entry: Kept): void => {
    if (entry.version === UNVERSIONED) return
    const key = `${slot}/${entry.id}`
    kept.delete(key)
    kept.set(key, entry)
    const [first] = kept.keys()
    if (kept.size > KEPT && first !== undefined) kept.delete(first)
  }
  const read = Effect.fnUntraced(function* (slot: Slot, id: string, version: number) {
    const nowMs = yield* Clock.currentTimeMillis
    const known = kept.get(`${slot}/${id}`)
    if (known !== undefined && nowMs >= known.untilMs) kept.delete(`${slot}/${id}`)
    else if (known?.version === version) {
      return yield* Effect.as(counted(slot, "hit"), Option.some(known.value))
    }
    if (nowMs < (yield* Ref.get(restUntil))) return Option.none()
    return yield* look(slot, id).pipe(
      Effect.timeout(PATIENCE),
      Effect.flatMap((entry) => {
        if (Option.isNone(entry)) return Effect.as(counted(slot, "miss"), Option.none())
        if (entry.value.version !== version) return Effect.as(counted(slot, "stale"), Option.none())
        keep(slot, { id, version, value: entry.value.value, untilMs: nowMs + KEPT_FOR_MS })
        return Effect.as(counted(slot, "hit"), Option.some(entry.value.value))
      }),
      Effect.catch((error) => {
        const rest = error._tag === "VaultError" ? Effect.void : Ref.set(restUntil, nowMs + REST_MS)
        return Effect.andThen(rest, Effect.as(counted(slot, "failed"), Option.none()))
      }),
    )
  })

  /** One at a time with what erases: nothing of a person is written once they are forgotten. */
  const turn = yield* Semaphore.make(1)
  const waiting = new Map<string, { readonly id: string; readonly work: Effect.Effect<void> }>()
  const due = yield* Queue.unbounded<string>()
  yield* Effect.forkScoped(
    Effect.forever(Effect.flatMap(Queue.take(due), (key) =>
      turn.withPermits(1)(Effect.suspend(() => {
        const work = waiting.get(key)?.work ?? Effect.void
        waiting.delete(key)
        return work
      })))),
  )

  const put = Effect.fnUntraced(function* (slot: Slot, id: string, version: number, value: () => string) {
    const plain = Redacted.make(encodeEntry({ v: 1, version, value: value() }))
    const sealed = yield* vault.seal(plain, aboutOf(slot, id))
    yield* (yield* Deferred.await(opened))[slot].put(id, encoder.encode(sealed))
  })
  const remove = Effect.fnUntraced(function* (slot: Slot, id: string) {
    yield* (yield* Deferred.await(opened))[slot].erase(id)
  })

  /** The newest of a key is done; room is for 1,024 keys. */
  const later = (slot: Slot, id: string, work: Effect.Effect<void, unknown>) =>
    Effect.sync(() => {
      const key = `${slot}/${id}`, isNew = !waiting.has(key)
      if (isNew && waiting.size >= WRITES) return
      const bounded = work.pipe(
        Effect.timeout(WRITE_DEADLINE),
        Effect.catchCause((cause) => Effect.logDebug("an entry was not cached", slot, cause)),
      )
      waiting.set(key, { id, work: bounded })
      if (isNew) Queue.offerUnsafe(due, key)
    })
  const write = (slot: Slot, id: string, version: number, value: () => string) =>
    later(slot, id, put(slot, id, version, value))

  /** `whose`: of whom nothing may be written any more that waits now. */
  const erase = (filter: string, whose: (id: string) => boolean) =>
    turn.withPermits(1)(Effect.gen(function* () {
      for (const [key, { id }] of waiting) if (whose(id)) waiting.delete(key)
      for (const [key, { id }] of kept) if (whose(id)) kept.delete(key)
      const buckets = yield* Deferred.await(opened)
      yield* Effect.forEach(SLOTS, (slot) => buckets[slot].erase(filter), { discard: true, concurrency: SLOTS.length })
    }))

  const forget = (telegramId: TelegramId) => erase(telegramId, (other) => other === telegramId)

  return UserCache.of({
    read: (slot, { telegramId, version }) => read(slot, telegramId, version),
    write: (slot, { telegramId, version }, text) => write(slot, telegramId, version, text),
    session: (telegramId) => Effect.map(read("session", telegramId, UNVERSIONED), Option.flatMap(decodeSeen)),
    keepSession: (telegramId, seen) => write("session", telegramId, UNVERSIONED, () => encodeSeen(seen)),
    asked: (sessionId) => Effect.map(read("session_temp", sessionId, UNVERSIONED), Option.flatMap(decodeAsked)),
    keepAsked: (sessionId, asked) =>
      Option.match(asked, {
        onNone: () => later("session_temp", sessionId, remove("session_temp", sessionId)),
        onSome: (asked) => write("session_temp", sessionId, UNVERSIONED, () => encodeAsked(asked)),
      }),
    forget,
    forgetAll: erase(">", () => true),
    forgetPerson: (telegramId) =>
      Effect.gen(function* () {
        yield* forget(telegramId)
        yield* (yield* Deferred.await(opened)).rateLimit.erase(`${telegramId}.*`)
      }),
  })
})

export const layer: Layer.Layer<never, never, Bus | Vault> = Layer.effect(UserCache, make)

/**
 * Empties the buckets by what the store announces, in one process at a time, for ever. What could not be erased is tried
 * again before anything else is; what was missed meanwhile empties them whole.
 */
export const keepTrue = (owner: string): Effect.Effect<never, never, Users | Leases> =>
  Effect.gen(function* () {
    const users = yield* Users, cache = yield* UserCache
    const following = users.audienceChanges.pipe(
      Stream.runForEachArray((changes) => {
        const changed = new Set(changes.flatMap((change) => change._tag === "Changed" ? [change.telegramId] : []))
        const erased = changed.size > FEW || changes.some(({ _tag }) => _tag === "Unknown")
          ? cache.forgetAll
          : Effect.forEach(changed, cache.forget, { discard: true })
        return Effect.retry(erased, { schedule: again })
      }),
    )
    return yield* whileOwner({ name: "user-cache", owner }, following)
  })
