/**
 * The bot's intake: every update once, in order per chat, many chats at a time, in one process at a time.
 *
 *   standby (records what it is handed) --lease "bot"--> replaying (what was left over) --> direct --lease lost--> standby
 *
 * In: updates from the webhook, the poll, or an earlier life; in any process. Out: calls of the Dispatcher, in the
 * process that has the lease. Promises: an update is in the table before it is acknowledged, so a kill repeats at most
 * the reactions in flight; a repeat is known by its id; what a process that stands by records is heard of within a second.
 * A chat's lane holds 64; the next is refused, as is who asks too fast (CommandRate.ts): counted, not run, not brought
 * again. 10,000 wait in all; then nothing more is taken (`busy`) and the giver brings it again.
 */
import { Clock, Context, Effect, Latch, Layer, Metric, Option, Schedule, Semaphore } from "effect"
import type { Update } from "grammy/types"
import type { Leases } from "../../layers/Leases.ts"
import { Channel, Store, type StoreError } from "../../layers/Store.ts"
import { TelegramUpdates } from "../../layers/TelegramUpdates.ts"
import type { Vault } from "../../layers/Vault.ts"
import { whileOwner } from "../../streams/Ownership.ts"
import { dueOrTold } from "../../streams/Wakeup.ts"
import { askerOf, CommandRate } from "./CommandRate.ts"
import { Dispatcher } from "./Dispatcher.ts"
import * as Lanes from "./Lanes.ts"
import * as RestingUpdates from "./RestingUpdates.ts"

export const LANE_CAPACITY = 64
export const TOTAL_CAPACITY = 10_000
const REACTION_TIMEOUT = "60 seconds"
const LOOK_BATCH = 500
const RECEIVERS = 1_000

/** `busy`: not recorded, bring it again. All others: not to be brought again. */
export type Receipt = "accepted" | "duplicate" | "lane_full" | "too_fast" | "busy"

export class Updates extends Context.Service<Updates, {
  readonly receive: (update: Update) => Effect.Effect<Receipt, StoreError>
  /** Until this process reacts, and nothing waits and nothing runs, what an earlier life left over included. */
  readonly idle: Effect.Effect<void>
}>()("arbedge/bot/Updates") {}

const received = Metric.counter("bot_updates_received_total", { description: "Updates by receipt" })
const overflowed = Metric.counter("bot_updates_overflowed_total", {
  description: "Updates recorded earlier or elsewhere that found their chat's lane full",
})
const timedOut = Metric.counter("bot_reactions_timed_out_total", { description: "Reactions given up after 60 s" })

const persistently = Schedule.min([Schedule.exponential("200 millis"), Schedule.spaced("10 seconds")]).pipe(
  Schedule.jittered,
)

/** `owner` is unique for each process: who reacts is agreed by a lease. */
export const layer = (
  owner: string,
): Layer.Layer<Updates, never, Dispatcher | TelegramUpdates | Store | Leases | Vault> =>
  Layer.effect(
    Updates,
    Effect.gen(function* () {
      const table = yield* TelegramUpdates
      const store = yield* Store
      const dispatcher = yield* Dispatcher
      const rate = yield* CommandRate
      const { awake, resting } = yield* RestingUpdates.make
      const receivers = yield* Semaphore.make(RECEIVERS)
      const isDirect = yield* Latch.make(false)
      /** Closed while the table is looked at: whoever then hands something in waits. */
      const gate = yield* Latch.make(true)
      /** Where updates go that are received here; null: they are only recorded, for whoever reacts. */
      let direct: Lanes.Lanes | null = null
      /** Ids that are being recorded, wait or run here: what a look at the table passes over. */
      const held = new Set<number>()

      /** One that stays marked as not handled is still held, so that this life does not repeat it. */
      const settle = (updateId: number) =>
        Effect.flatMap(Clock.currentTimeMillis, (nowMs) => table.markHandled(updateId, nowMs)).pipe(
          Effect.retry({ while: (error) => error.retryable, schedule: persistently, times: 5 }),
          Effect.andThen(Effect.sync(() => held.delete(updateId))),
          Effect.catch((error) => Effect.logError("an update stays marked as not handled", error)),
          Effect.asVoid,
        )

      /** Commands of each person that wait here. */
      const asked = new Map<string, number>()
      const countAsked = (update: Update, by: 1 | -1) => {
        const asker = askerOf(update)
        if (asker === null) return
        const now = (asked.get(asker) ?? 0) + by
        if (now > 0) asked.set(asker, now)
        else asked.delete(asker)
      }

      /** A reaction that has ended is marked so, whatever ends the process meanwhile. */
      const react = (update: Update) =>
        Effect.uninterruptibleMask((restore) =>
          Effect.suspend(() => {
            // From here on it counts among what its asker was served.
            countAsked(update, -1)
            return restore(
              dispatcher.handle(update).pipe(
                Effect.timeoutOrElse({ duration: REACTION_TIMEOUT, orElse: () => Metric.update(timedOut, 1) }),
              ),
            )
          }).pipe(Effect.andThen(settle(update.update_id)))
        )

      const enter = (lanes: Lanes.Lanes, update: Update) =>
        Effect.suspend(() => {
          countAsked(update, 1)
          return lanes.push(update)
        })

      const isFull = (lanes: Lanes.Lanes, update: Update) => lanes.ahead(update) >= LANE_CAPACITY

      const take = Effect.fnUntraced(function* (update: Update): Effect.fn.Return<Receipt, StoreError> {
        const { update_id: updateId } = update
        if (direct !== null && direct.waiting() >= TOTAL_CAPACITY) return "busy"
        if (held.has(updateId)) return "duplicate"
        // Nothing is written for it: a flood in one chat is not to keep the table from the others.
        if (direct !== null && isFull(direct, update)) return "lane_full"
        const asker = askerOf(update)
        if (asker !== null && direct !== null) {
          const waiting = asked.get(asker) ?? 0
          if (rate.isInVain(asker, waiting, yield* Clock.currentTimeMillis)) return "too_fast"
        }
        held.add(updateId)
        const receivedAt = yield* Clock.currentTimeMillis
        const payload = yield* resting(update)
        const isNew = yield* table.insertIfNew({ updateId, payload, receivedAt }).pipe(
          Effect.onError(() => Effect.sync(() => held.delete(updateId))),
        )
        if (isNew && direct !== null && !isFull(direct, update)) {
          yield* enter(direct, update)
          return "accepted"
        }
        if (isNew && direct !== null) {
          // It filled up meanwhile.
          yield* settle(updateId)
          return "lane_full"
        }
        held.delete(updateId)
        if (!isNew) return "duplicate"
        // It is in the table, and whoever reacts takes it from there, in its turn.
        yield* Effect.ignore(store.notify(Channel.updates, ""))
        return "accepted"
      })

      const receive = Effect.fn("Updates.receive")(
        (update: Update) => Effect.andThen(gate.await, receivers.withPermits(1)(take(update))),
        Effect.tap((receipt) => Metric.update(Metric.withAttributes(received, { receipt }), 1)),
      )

      const takeRecorded = Effect.fnUntraced(function* (lanes: Lanes.Lanes, updateId: number, payload: unknown) {
        const update = yield* awake(updateId, payload)
        if (Option.isSome(update) && !isFull(lanes, update.value)) {
          held.add(updateId)
          return yield* enter(lanes, update.value)
        }
        if (Option.isSome(update)) yield* Metric.update(overflowed, 1)
        yield* settle(updateId)
      })

      /**
       * Takes the oldest that are recorded and not held; false when there were none: then nothing is older than what is
       * received from now on, which goes to its lane directly. Nobody hands anything in meanwhile.
       */
      const look = (lanes: Lanes.Lanes) =>
        Effect.gen(function* () {
          const room = TOTAL_CAPACITY - lanes.waiting()
          if (room <= 0) return false
          const left = yield* table.unhandled(Math.min(room, LOOK_BATCH), [...held])
          for (const { payload, updateId } of left) yield* takeRecorded(lanes, updateId, payload)
          if (left.length === 0 && direct === null) {
            direct = lanes
            yield* isDirect.open
          }
          return left.length > 0
        }).pipe(
          receivers.withPermits(RECEIVERS),
          (looking) => Effect.ensuring(Effect.andThen(gate.close, looking), gate.open),
        )

      const standBy = Effect.gen(function* () {
        direct = null
        held.clear()
        asked.clear()
        yield* isDirect.close
      })

      const serve = Effect.scoped(Effect.gen(function* () {
        yield* Effect.addFinalizer(() => standBy)
        const lanes = yield* Lanes.make(react)
        return yield* dueOrTold({
          channel: Channel.updates,
          name: "the bot",
          round: look(lanes),
          nextDueAt: () => Effect.succeed(Option.none()),
        })
      }))
      yield* Effect.forkScoped(whileOwner({ name: "bot", owner }, serve))

      const idle = Effect.gen(function* () {
        yield* isDirect.await
        if (direct !== null) yield* direct.idle
      })
      return { receive, idle }
    }),
  )
