/**
 * One embedded key-value bucket: the latest value of each key, in memory.
 *
 * In: writes with the Clock's time. Out: entries, revisions (one counter per bucket), watches. Promises: `create` and
 * `update` compare and set in one step; a key is gone `timeToLive` after its last write (nobody is told of an
 * expiry); a write that would exceed `maxBytes` is rejected. A watcher that is slow sees only the latest of each key,
 * so it never holds more than the bucket's keys.
 */
import { Clock, Duration, Effect, Option, Stream } from "effect"
import { type BucketSpec, BusError, type BusReason, type Entry, type KeyValue, type StreamState } from "../Bus.ts"
import { isKey, isKeyFilter, matcher } from "../SubjectPattern.ts"
import { Signal } from "../Signal.ts"

interface Change {
  readonly key: string
  readonly entry: Option.Option<Entry>
}

interface Watcher {
  readonly matches: (key: string) => boolean
  readonly pending: Map<string, Change>
  readonly signal: Signal
}

export class Bucket implements KeyValue {
  #spec: BucketSpec
  readonly #entries: Map<string, Entry> = new Map()
  readonly #watchers: Set<Watcher> = new Set()
  #revision = 0
  #bytes = 0

  constructor(spec: BucketSpec) {
    this.#spec = spec
  }

  get spec(): BucketSpec {
    return this.#spec
  }

  /** Takes over new limits; what is there already stays, within its time to live. */
  declare(spec: BucketSpec): void {
    this.#spec = spec
  }

  /** What is stored at `nowMs`. */
  state(nowMs: number): StreamState {
    this.#expire(nowMs)
    const revisions = [...this.#entries.values()].map(({ revision }) => revision)
    return {
      firstSequence: revisions[0] ?? this.#revision + 1,
      lastSequence: this.#revision,
      messages: revisions.length,
      bytes: this.#bytes,
    }
  }

  readonly get = Effect.fn("KeyValue.get")({ self: this }, function* (key: string) {
    yield* this.#checkKey("get", key)
    return Option.fromUndefinedOr(this.#live(key, yield* Clock.currentTimeMillis))
  })

  readonly put = Effect.fn("KeyValue.put")({ self: this }, function* (key: string, value: Uint8Array) {
    return yield* this.#write("put", key, value, () => true)
  })

  readonly create = Effect.fn("KeyValue.create")({ self: this }, function* (key: string, value: Uint8Array) {
    return yield* this.#write("create", key, value, (entry) => entry === undefined)
  })

  readonly update = Effect.fn("KeyValue.update")(
    { self: this },
    function* (key: string, value: Uint8Array, revision: number) {
      return yield* this.#write("update", key, value, (entry) => entry?.revision === revision)
    },
  )

  readonly remove = Effect.fn("KeyValue.remove")({ self: this }, function* (key: string) {
    yield* this.#checkKey("remove", key)
    this.#revision += 1
    this.#drop(key)
    this.#tell({ key, entry: Option.none() })
  })

  readonly erase = Effect.fn("KeyValue.erase")({ self: this }, function* (filter: string) {
    if (isKey(filter)) return this.#drop(filter)
    const matches = yield* this.#filter("erase", filter)
    for (const key of [...this.#entries.keys()].filter(matches)) this.#drop(key)
  })

  readonly keys = Effect.fn("KeyValue.keys")({ self: this }, function* (filter: string) {
    const matches = yield* this.#filter("keys", filter)
    this.#expire(yield* Clock.currentTimeMillis)
    return [...this.#entries.keys()].filter(matches)
  })

  readonly watch = (filter: string): Stream.Stream<Change, BusError> =>
    Stream.fromPull(Effect.gen({ self: this }, function* () {
      const matches = yield* this.#filter("watch", filter)
      this.#expire(yield* Clock.currentTimeMillis)
      const watcher: Watcher = { matches, pending: new Map(), signal: new Signal() }
      for (const [key, entry] of this.#entries) {
        if (matches(key)) watcher.pending.set(key, { key, entry: Option.some(entry) })
      }
      yield* Effect.acquireRelease(
        Effect.sync(() => this.#watchers.add(watcher)),
        () => Effect.sync(() => this.#watchers.delete(watcher)),
      )
      const pull: Effect.Effect<readonly [Change, ...Array<Change>]> = Effect.suspend(() => {
        const [first, ...rest] = watcher.pending.values()
        watcher.pending.clear()
        return first === undefined
          ? Effect.andThen(watcher.signal.waitUntil(() => watcher.pending.size > 0), pull)
          : Effect.succeed([first, ...rest] as const)
      })
      return pull
    })).pipe(Stream.scoped)

  #write(operation: string, key: string, value: Uint8Array, allowed: (entry: Entry | undefined) => boolean) {
    return Effect.gen({ self: this }, function* () {
      yield* this.#checkKey(operation, key)
      const most = this.#spec.maxValueBytes ?? Infinity
      if (value.byteLength > most) {
        return yield* this.#fail("too_large", operation, key, `${value.byteLength} bytes, at most ${most}`)
      }
      const nowMs = yield* Clock.currentTimeMillis
      const before = this.#live(key, nowMs)
      if (!allowed(before)) return yield* this.#fail("revision_conflict", operation, key, "somebody else wrote first")
      const growth = value.byteLength + (before === undefined ? key.length : -before.value.byteLength)
      if (growth > 0 && this.#bytes + growth > this.#spec.maxBytes) {
        this.#expire(nowMs)
        if (this.#bytes + growth > this.#spec.maxBytes) {
          return yield* this.#fail("rejected", operation, key, "the bucket is full")
        }
      }
      this.#revision += 1
      const entry: Entry = { key, value, revision: this.#revision, storedAtMs: nowMs }
      // Deleted first so that the map stays in the order of the last writes, which expiry relies on.
      this.#drop(key)
      this.#entries.set(key, entry)
      this.#bytes += key.length + value.byteLength
      this.#tell({ key, entry: Option.some(entry) })
      return this.#revision
    })
  }

  #live(key: string, nowMs: number): Entry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.storedAtMs > this.#oldestMs(nowMs)) return entry
    this.#drop(key)
    return undefined
  }

  #expire(nowMs: number): void {
    const oldestMs = this.#oldestMs(nowMs)
    for (const [key, entry] of this.#entries) {
      if (entry.storedAtMs > oldestMs) return
      this.#drop(key)
    }
  }

  #oldestMs(nowMs: number): number {
    return Option.match(this.#spec.timeToLive, {
      onNone: () => -Infinity,
      onSome: (timeToLive) => nowMs - Duration.toMillis(timeToLive),
    })
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#bytes -= key.length + entry.value.byteLength
  }

  #tell(change: Change): void {
    for (const watcher of this.#watchers) {
      if (!watcher.matches(change.key)) continue
      watcher.pending.delete(change.key)
      watcher.pending.set(change.key, change)
      watcher.signal.notify()
    }
  }

  #checkKey(operation: string, key: string): Effect.Effect<void, BusError> {
    return isKey(key) ? Effect.void : this.#fail("rejected", operation, key, "not a key")
  }

  #filter(operation: string, filter: string): Effect.Effect<(key: string) => boolean, BusError> {
    return isKeyFilter(filter)
      ? Effect.succeed(matcher(filter))
      : this.#fail("rejected", operation, filter, "not a key filter")
  }

  #fail(reason: BusReason, operation: string, key: string, detail: string): Effect.Effect<never, BusError> {
    return Effect.fail(new BusError({ reason, operation, subject: `${this.#spec.name}/${key}`, detail }))
  }
}
