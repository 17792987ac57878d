/**
 * Compaction: the parts of an hour or a day that is over become one file under the final name.
 *
 *   parts --the hour is over, and quiet for a minute--> final name written --> a pass later: found in it --> parts removed
 *
 * In: groups that have parts. Out: final files. Promises: a part is removed only after it was found in the final file as
 * it is stored, a minute after that was written; killed anywhere, the next pass goes on, and whoever reads meanwhile takes
 * each batch once. Late records are a further part, and are merged in the same way.
 */
import { Clock, Duration, Effect, Option, Semaphore, Stream } from "effect"
import * as Layout from "../../domain/ArchiveLayout.ts"
import { identityOf, type Manifest } from "../../layers/ArchiveMember.ts"
import { ArchiveStore } from "../../layers/ArchiveStore.ts"
import * as Reader from "./Reader.ts"

/** After the end of an hour or day: longer than a batch is collected. */
const GRACE_MS = Duration.toMillis(Duration.minutes(6))
const QUIET_MS = Duration.toMillis(Duration.minutes(1))
const PASS_EVERY = Duration.minutes(1)

const byOrder = (a: Manifest, b: Manifest): number =>
  a.generation === b.generation ? a.batch - b.batch : a.generation < b.generation ? -1 : 1

/** One step of one group. Out: whether parts are left. */
export const mergeGroup = Effect.fn("Archive.mergeGroup")(function* (group: string) {
  const store = yield* ArchiveStore
  const files = yield* Reader.filesOf(group)
  const parts = files.filter(({ part }) => part !== null)
  if (parts.length === 0) return false
  const whole = files.find(({ part }) => part === null)
  const merged = whole === undefined ? [] : yield* Reader.membersOf(whole)
  const known = new Set(merged.flatMap((member) => "fault" in member ? [] : [identityOf(member.manifest)]))
  const missing: Array<{ readonly file: Reader.ArchiveFile; readonly manifest: Manifest }> = []
  for (const file of parts) {
    const [member, ...more] = yield* Reader.membersOf(file)
    if (member === undefined || "fault" in member || more.length > 0) {
      yield* Effect.logWarning(
        "a part of the archive is broken and left where it is: see `arbedge archive verify`",
        file.key,
      )
    } else if (known.has(identityOf(member.manifest))) yield* store.remove(file.key)
    else missing.push({ file, manifest: member.manifest })
  }
  if (missing.length === 0) return false
  const sources = missing.sort((a, b) => byOrder(a.manifest, b.manifest)).map(({ file }) => file)
  yield* store.join(Layout.finalOf(group), whole === undefined ? sources : [whole, ...sources])
  return true
})

export class Compactor {
  /** Groups that may have parts, and when they had a new one (ms). */
  readonly #touched = new Map<string, number>()
  readonly #turn = Semaphore.makeUnsafe(1)

  /** Does what must see no file of a group being merged. */
  readonly alone = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => this.#turn.withPermit(effect)

  readonly touch = (groups: ReadonlyArray<string>): Effect.Effect<void> =>
    Effect.map(Clock.currentTimeMillis, (nowMs) => {
      for (const group of groups) this.#touched.set(group, nowMs)
    })

  /** Groups that another process left parts of. */
  readonly recall = Effect.gen({ self: this }, function* () {
    const { list } = yield* ArchiveStore
    yield* Stream.runForEach(list(Layout.ROOT), (files) =>
      Effect.sync(() => {
        for (const { key } of files) {
          const place = Option.getOrNull(Layout.parse(key))
          if (place !== null && place.part !== null && !this.#touched.has(place.group)) {
            this.#touched.set(place.group, 0)
          }
        }
      }))
  })

  /** Every group that is over and quiet, once. */
  readonly pass = Effect.gen({ self: this }, function* () {
    const nowMs = yield* Clock.currentTimeMillis
    for (const [group, touchedAt] of this.#touched) {
      const place = Option.getOrNull(Layout.parse(Layout.finalOf(group)))
      if (place === null || nowMs < place.toMs + GRACE_MS || nowMs - touchedAt < QUIET_MS) continue
      const left = yield* mergeGroup(group)
      if (!left && this.#touched.get(group) === touchedAt) this.#touched.delete(group)
    }
  })

  /** For ever. */
  readonly run = Effect.gen({ self: this }, function* () {
    yield* this.#patiently(this.recall)
    return yield* Effect.forever(Effect.andThen(Effect.sleep(PASS_EVERY), this.#patiently(this.alone(this.pass))))
  })

  #patiently<R>(effect: Effect.Effect<void, Effect.Error<typeof this.pass>, R>): Effect.Effect<void, never, R> {
    return Effect.catch(effect, (error) => Effect.logWarning("merging parts of the archive waits", error.message))
  }
}
