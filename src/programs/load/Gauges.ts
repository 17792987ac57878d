/**
 * The gauges of a load run: lag, depth and cost, looked at every so often.
 *
 * In: the bus, the queue, the outbox, the process, the ledger. Out: one sample a look, with rates since the look
 * before. Promises: what cannot be seen from here is null; a look costs a handful of questions, whatever the load.
 */
import { Clock, Effect, Option, Ref } from "effect"
import type { Sample } from "../../domain/ScenarioReport.ts"
import { Bus, type BusError } from "../../layers/Bus.ts"
import { OpportunityQueue, type QueueStatus } from "../../layers/OpportunityQueue.ts"
import { Outbox } from "../../layers/Outbox.ts"
import type { StoreError } from "../../layers/Store.ts"
import type { Watch } from "../../streams/Pipeline.ts"
import { FACTS, MARKET_DATA, OPPORTUNITIES } from "../../streams/Topology.ts"
import type { Ledger } from "./Ledger.ts"
import type { Positions } from "./Onlooker.ts"
import * as Resources from "./Resources.ts"

/** What stands where, now. */
export interface Standing {
  readonly framesStored: number
  /** By the onlooker, as all that is read. */
  readonly framesRead: number
  readonly framesAnalysed: number
  readonly transitionsStored: number
  readonly transitionsRead: number
  readonly transitionsDistributed: number
  readonly factsUnread: number
  readonly outboxDepth: number
  readonly rows: Readonly<Record<QueueStatus, number>>
  readonly resources: Resources.Resources
}

export const waitingRows = ({ rows }: Standing): number => rows.pending + rows.sending + rows.unknown

export interface GaugesOptions {
  readonly ledger: Ledger
  readonly positions: Positions
  readonly watch: Watch
}

export const make = Effect.fnUntraced(function* ({ ledger, positions, watch }: GaugesOptions) {
  const bus = yield* Bus, queue = yield* OpportunityQueue, outbox = yield* Outbox
  let beforeMs = yield* Clock.currentTimeMillis
  let before = { ticks: 0, frames: 0, opportunities: 0, notifications: 0, replies: 0, cpuS: Resources.look().cpuS }

  const standing: Effect.Effect<Standing, BusError | StoreError> = Effect.gen(function* () {
    const frames = yield* bus.streamState(MARKET_DATA.name), facts = yield* bus.streamState(FACTS.name)
    const transitions = yield* bus.streamState(OPPORTUNITIES.name)
    const analysed = yield* Ref.get(watch.analysed)
    return {
      framesStored: frames.lastSequence,
      framesRead: yield* Ref.get(positions.frames),
      framesAnalysed: Option.match(analysed, { onNone: () => 0, onSome: ({ sequence }) => sequence }),
      transitionsStored: transitions.lastSequence,
      transitionsRead: yield* Ref.get(positions.transitions),
      transitionsDistributed: yield* Ref.get(watch.distributed),
      factsUnread: facts.lastSequence - (yield* Ref.get(positions.facts)),
      outboxDepth: yield* outbox.depth,
      rows: yield* queue.counts,
      resources: Resources.look(),
    }
  })

  const sample = (now: Standing, startMs: number): Effect.Effect<Sample> =>
    Effect.map(Clock.currentTimeMillis, (nowMs) => {
      const seconds = Math.max(0.001, (nowMs - beforeMs) / 1_000)
      const { cpuS, handles, heapMiB, rssMiB } = now.resources
      const counts = {
        ticks: ledger.ticksOffered,
        frames: ledger.frames,
        opportunities: ledger.opportunities,
        notifications: ledger.notified,
        replies: ledger.replies,
        cpuS,
      }
      const rate = (name: "ticks" | "frames" | "opportunities" | "notifications" | "replies") =>
        (counts[name] - before[name]) / seconds
      const shown: Sample = {
        atMs: nowMs - startMs,
        ticksPerS: rate("ticks"),
        framesPerS: rate("frames"),
        opportunitiesPerS: rate("opportunities"),
        notificationsPerS: rate("notifications"),
        repliesPerS: rate("replies"),
        lagFrames: Math.max(0, now.framesStored - now.framesAnalysed),
        lagTransitions: now.transitionsStored - now.transitionsRead +
          Math.max(0, ledger.transitions - ledger.distributed),
        queueDepth: waitingRows(now),
        outboxDepth: now.outboxDepth,
        cpuCores: (cpuS - before.cpuS) / seconds,
        heapMiB,
        rssMiB,
        handles,
      }
      before = counts
      beforeMs = nowMs
      return shown
    })

  return { standing, sample }
})

/** Whether every tick that was stored has been read. */
export const framesAtRest = ({ framesRead, framesStored }: Standing): boolean => framesRead >= framesStored

/** Whether everything that was told has been read. */
export const factsAtRest = ({ factsUnread, outboxDepth }: Standing): boolean => outboxDepth === 0 && factsUnread <= 0

/** Whether every transition was distributed, and all that was told of it read. */
export const transitionsAtRest = (now: Standing): boolean =>
  now.transitionsRead >= now.transitionsStored &&
  now.transitionsDistributed >= now.transitionsStored && factsAtRest(now)

/** Whether nothing is under way any more. */
export const atRest = (now: Standing, ledger: Ledger): boolean =>
  framesAtRest(now) && now.framesAnalysed >= now.framesStored &&
  transitionsAtRest(now) && ledger.distributed >= ledger.transitions && waitingRows(now) === 0 &&
  ledger.replies >= ledger.commands
