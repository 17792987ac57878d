/**
 * Lanes: a chat's updates one after the other, many chats at a time.
 *
 * In: updates, and what is done with each. Out: nothing. Promises: in order per chat; a lane lives as long as it has
 * something; what is pushed is run, or interrupted with the scope. How much may wait is the caller's business.
 */
import { Effect, FiberSet, Latch, type Scope, Semaphore } from "effect"
import type { Update } from "grammy/types"
import { laneOf } from "./Incoming.ts"

/** Updates run at a time, over all chats. */
const CONCURRENCY = 64

export interface Lanes {
  readonly push: (update: Update) => Effect.Effect<void>
  /** Updates in all lanes, those that run included. */
  readonly waiting: () => number
  /** Updates in the lane that this one belongs to. */
  readonly ahead: (update: Update) => number
  /** Until nothing waits and nothing runs. */
  readonly idle: Effect.Effect<void>
}

/** `run` begins when the update is at the head of its lane and one of the 64 is free. */
export const make = Effect.fnUntraced(function* (
  run: (update: Update) => Effect.Effect<void>,
): Effect.fn.Return<Lanes, never, Scope.Scope> {
  const running = yield* Semaphore.make(CONCURRENCY)
  const quiet = yield* Latch.make(true)
  const fibers = yield* FiberSet.make<void>()
  const lanes = new Map<string, Array<Update>>()
  let waiting = 0

  /** Between its last look and its end nothing else can run. */
  const drain = Effect.fnUntraced(function* (key: string, lane: Array<Update>) {
    for (let update = lane[0]; update !== undefined; update = lane[0]) {
      yield* running.withPermits(1)(run(update))
      lane.shift()
      waiting--
    }
    lanes.delete(key)
    if (lanes.size === 0) yield* quiet.open
  })

  const push = Effect.fnUntraced(function* (update: Update) {
    const key = laneOf(update)
    waiting++
    const lane = lanes.get(key)
    if (lane !== undefined) {
      lane.push(update)
      return
    }
    const opened = [update]
    lanes.set(key, opened)
    yield* quiet.close
    yield* FiberSet.run(fibers, drain(key, opened))
  })

  return {
    push,
    waiting: () => waiting,
    ahead: (update) => lanes.get(laneOf(update))?.length ?? 0,
    idle: quiet.await,
  }
})
