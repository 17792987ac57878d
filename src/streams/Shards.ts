/**
 * Shards: work in parts that several processes share evenly, each part done by one of them at a time.
 *
 *   standby --a seat is free--> member --fewer shards than its share--> takes free ones
 *                                      --more than its share, because somebody joined--> gives some up, their work stored
 *                                      --a lease lost or not renewed in time, or the work failed--> standby
 *
 * In: the number of shards, and the work on them. Out: nothing; it goes on until it fails. Promises: a shard has one
 * owner, by a fenced lease; shares differ by one at most and nobody gives up more than it must; who joins has its share
 * within some 2 s, the shards of a killed member are taken within 4 s. As many members as shards; the others stand by.
 */
import { Clock, Effect, Schedule, Semaphore } from "effect"
import { type Lease, Leases } from "../layers/Leases.ts"
import { inWallTime, keeping, type Lost, RENEW_EVERY, TTL_MS } from "./Ownership.ts"

export interface SharesOptions {
  /** Leases are called `<name>.shard.<n>` and `<name>.worker.<n>`. */
  readonly name: string
  /** Unique for each process. */
  readonly owner: string
  readonly shards: number
}

/** What a member does. */
export interface ShardWork<E, R> {
  /** The work itself, on whatever shards it has now. */
  readonly run: Effect.Effect<never, E, R>
  /** These are its own from now on. */
  readonly gained: (shards: ReadonlyArray<number>) => Effect.Effect<void, E, R>
  /** When it returns nothing of these is done here any more, and everything done is stored. */
  readonly giveUp: (shards: ReadonlyArray<number>) => Effect.Effect<void, E, R>
}

export const shardLease = (name: string, shard: number): string => `${name}.shard.${shard}`
const seatLease = (name: string, seat: number): string => `${name}.worker.${seat}`

const numbers = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, n) => n)

/** How many of `shards` the member of this rank has; the first ones have what does not divide evenly. */
export const shareOf = (shards: number, members: number, rank: number): number =>
  Math.floor(shards / members) + (rank < shards % members ? 1 : 0)

/** Takes part until it fails. */
export const share = <E, R>(
  { name, owner, shards }: SharesOptions,
  work: ShardWork<E, R>,
): Effect.Effect<never, E | Lost, R | Leases> =>
  Effect.gen(function* () {
    const leases = yield* Leases
    /** Everything held, the seat among it, by name. */
    const held = new Map<string, Lease>()
    /** What was given up must not be prolonged by a renewal under way. */
    const turn = (yield* Semaphore.make(1)).withPermits(1)
    const hold = (got: ReadonlyArray<Lease>) => {
      for (const lease of got) held.set(lease.name, lease)
    }
    const letGo = (given: ReadonlyArray<Lease>) =>
      turn(Effect.gen(function* () {
        for (const lease of given) held.delete(lease.name)
        yield* leases.releaseAll(given, yield* Clock.currentTimeMillis)
      })).pipe(inWallTime)

    /** Leases of this work that have not run out. */
    const alive = Effect.gen(function* () {
      const nowMs = yield* Clock.currentTimeMillis
      const all = yield* leases.list(`${name}.`)
      return new Map(all.filter(({ expiresAt }) => expiresAt > nowMs).map((lease) => [lease.name, lease]))
    }).pipe(inWallTime)

    const acquire = (names: ReadonlyArray<string>) =>
      turn(Effect.gen(function* () {
        const got = yield* leases.acquireAll({ names, owner, nowMs: yield* Clock.currentTimeMillis, ttlMs: TTL_MS })
        hold(got)
        return got
      })).pipe(inWallTime)

    const sit = Effect.gen(function* () {
      const taken = yield* alive
      const free = numbers(shards).find((seat) => !taken.has(seatLease(name, seat)))
      return free === undefined ? [] : yield* acquire([seatLease(name, free)])
    })

    const renewing = keeping(
      (nowMs) => turn(Effect.map(leases.renewAll([...held.values()], nowMs, TTL_MS), hold)),
      () => Math.min(...[...held.values()].map(({ expiresAt }) => expiresAt)),
    )

    /** One look at who is there: too many shards are given up, too few are filled up with free ones. */
    const balance = Effect.gen(function* () {
      const taken = yield* alive
      const seats = numbers(shards).filter((seat) => taken.has(seatLease(name, seat)))
      const rank = seats.findIndex((seat) => held.has(seatLease(name, seat)))
      if (rank < 0) return
      const mine = numbers(shards).filter((shard) => held.has(shardLease(name, shard)))
      const due = shareOf(shards, seats.length, rank)
      if (mine.length > due) {
        const given = mine.slice(due)
        yield* work.giveUp(given)
        yield* letGo(given.flatMap((shard) => held.get(shardLease(name, shard)) ?? []))
      } else if (mine.length < due) {
        const free = numbers(shards).filter((shard) => !taken.has(shardLease(name, shard)))
        const got = yield* acquire(free.slice(0, due - mine.length).map((shard) => shardLease(name, shard)))
        const names = new Set(got.map((lease) => lease.name))
        if (names.size > 0) yield* work.gained(numbers(shards).filter((shard) => names.has(shardLease(name, shard))))
      }
    })
    const balancing = Effect.forever(Effect.andThen(balance, inWallTime(Effect.sleep(RENEW_EVERY))))

    const term = Effect.gen(function* () {
      yield* sit.pipe(
        Effect.repeat({ until: (got) => got.length > 0, schedule: Schedule.spaced(RENEW_EVERY) }),
        inWallTime,
      )
      return yield* Effect.raceAllFirst([renewing, balancing, work.run])
    })
    return yield* Effect.ensuring(term, Effect.ignore(Effect.suspend(() => letGo([...held.values()]))))
  })
