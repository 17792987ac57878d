/**
 * The bot's intake: every update once, in order per chat, many chats at a time.
 *
 * In: updates from the webhook, the poll, or an earlier life. Out: calls of the Dispatcher. Promises: an update is in
 * the table before it is acknowledged, so a kill repeats at most the reactions in flight; a repeat is recognised by its
 * id; one process at a time takes part, since what was left over is taken up at the start.
 * A chat's lane holds 64 updates; the next is refused: counted, marked handled, never run. 10,000 wait in all; then
 * nothing more is taken (`busy`) and the giver brings it again.
 */
import { Clock, Context, Effect, FiberSet, Latch, Layer, Metric, Option, Schedule, Semaphore } from "effect"
import type { Update } from "grammy/types"
import type { StoreError } from "../../layers/Store.ts"
import { TelegramUpdates } from "../../layers/TelegramUpdates.ts"
import { Dispatcher } from "./Dispatcher.ts"
import { laneOf, read } from "./Incoming.ts"

export const LANE_CAPACITY = 64
export const TOTAL_CAPACITY = 10_000
/** Reactions at a time, over all chats. */
const CONCURRENCY = 64
const REACTION_TIMEOUT = "60 seconds"
const REPLAY_BATCH = 500
const RECEIVERS = 1_000

/** `busy`: not recorded, bring it again. All others: recorded. */
export type Receipt = "accepted" | "duplicate" | "lane_full" | "busy"

export class Updates extends Context.Service<Updates, {
  readonly receive: (update: Update) => Effect.Effect<Receipt, StoreError>
  /** Until nothing waits and nothing runs, what an earlier life left over included. */
  readonly idle: Effect.Effect<void>
}>()("arbedge/bot/Updates") {}

const received = Metric.counter("bot_updates_received_total", { description: "Updates by receipt" })
const timedOut = Metric.counter("bot_reactions_timed_out_total", { description: "Reactions given up after 60 s" })

const persistently = Schedule.min([Schedule.exponential("200 millis"), Schedule.spaced("10 seconds")]).pipe(
  Schedule.jittered,
)

export const layer: Layer.Layer<Updates, never, Dispatcher | TelegramUpdates> = Layer.effect(
  Updates,
  Effect.gen(function* () {
    const table = yield* TelegramUpdates
    const dispatcher = yield* Dispatcher
    const running = yield* Semaphore.make(CONCURRENCY)
    const receivers = yield* Semaphore.make(RECEIVERS)
    const quiet = yield* Latch.make(true)
    const fibers = yield* FiberSet.make<void>()
    const lanes = new Map<string, Array<Update>>()
    let waiting = 0
    let replaying = true

    const settle = (updateId: number) =>
      Effect.flatMap(Clock.currentTimeMillis, (nowMs) => table.markHandled(updateId, nowMs)).pipe(
        Effect.retry({ while: (error) => error.retryable, schedule: persistently, times: 5 }),
        Effect.catch((error) => Effect.logError("an update stays marked as not handled", error)),
      )

    const react = (update: Update) =>
      dispatcher.handle(update).pipe(
        Effect.timeoutOrElse({ duration: REACTION_TIMEOUT, orElse: () => Metric.update(timedOut, 1) }),
        running.withPermits(1),
        Effect.andThen(settle(update.update_id)),
      )

    /** Lives as long as its lane has something; between the last look and the end nothing else can run. */
    const drain = (key: string, lane: Array<Update>) =>
      Effect.gen(function* () {
        for (let update = lane[0]; update !== undefined; update = lane[0]) {
          yield* react(update)
          lane.shift()
          waiting--
        }
        lanes.delete(key)
        if (lanes.size === 0) yield* quiet.open
      })

    const enqueue = Effect.fnUntraced(function* (update: Update) {
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

    const take = Effect.fnUntraced(function* (update: Update): Effect.fn.Return<Receipt, StoreError> {
      if (waiting >= TOTAL_CAPACITY) return "busy"
      const receivedAt = yield* Clock.currentTimeMillis
      const isNew = yield* table.insertIfNew({ updateId: update.update_id, payload: update, receivedAt })
      if (!isNew) return "duplicate"
      // What arrives meanwhile is in the table, and the replay takes it from there, in its turn.
      if (replaying) return "accepted"
      if ((lanes.get(laneOf(update))?.length ?? 0) >= LANE_CAPACITY) {
        yield* settle(update.update_id)
        return "lane_full"
      }
      yield* enqueue(update)
      return "accepted"
    })

    const receive = Effect.fn("Updates.receive")(
      (update: Update) => receivers.withPermits(1)(take(update)),
      Effect.tap((receipt) => Metric.update(Metric.withAttributes(received, { receipt }), 1)),
    )

    /** Runs the oldest that are left; false when there were none. */
    const replayBatch = Effect.gen(function* () {
      const left = yield* table.unhandled(REPLAY_BATCH).pipe(Effect.retry(persistently))
      for (const { payload, updateId } of left) {
        const update = read(payload)
        yield* Option.isSome(update) ? enqueue(update.value) : settle(updateId)
      }
      yield* quiet.await
      return left.length > 0
    })

    const replayAll: Effect.Effect<void, StoreError> = Effect.gen(function* () {
      while (yield* replayBatch);
    })

    /** The last look happens while nobody can hand anything in: from then on updates go to their lanes directly. */
    const replayed = yield* Latch.make(false)
    yield* replayAll.pipe(
      Effect.andThen(
        receivers.withPermits(RECEIVERS)(
          Effect.andThen(replayAll, Effect.sync(() => replaying = false)),
        ),
      ),
      Effect.andThen(replayed.open),
      Effect.tapError((error) => Effect.logError("what was left over cannot be read", error)),
      Effect.forkScoped,
    )

    return { receive, idle: Effect.andThen(replayed.await, quiet.await) }
  }),
)
