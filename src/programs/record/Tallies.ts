/**
 * What a recording counts: at the source and at the file, so that nobody need believe that nothing was lost.
 *
 * In: batches of a source. Out: lines, and at the end the account. Promises: `received` is `written` and what is told as
 * lost, by reason; for raw frames likewise.
 */
import { Effect } from "effect"
import type { BadTickReason } from "../../domain/Tick.ts"
import * as TickCodec from "../../domain/TickCodec.ts"
import type { Written } from "../../layers/Recording.ts"
import type { Tally } from "../Record.ts"
import { Ordering } from "./Ordering.ts"
import type { SocketCounts, SocketFrames } from "./SocketFrames.ts"
import type { SourceBatch } from "./Sources.ts"

/**
 * Why something that was received is not in the file. `too_late`: behind its place by more than is waited for;
 * `file_too_slow`: what waited for the file was full; `discarded`: the bus let messages go before they were read.
 */
export type LossReason = "too_late" | "file_too_slow" | "discarded"
type Losses = Readonly<Partial<Record<LossReason, number>>>

export interface Account {
  readonly files: Written["files"]
  /** Counted where they came in: ticks, or raw frames. */
  readonly received: number
  /** Counted at the file. */
  readonly written: number
  readonly lost: Losses
  /** Frames that venues' sockets gave; null: no socket was listened to. */
  readonly socketFrames: number | null
  readonly interrupted: boolean
}

/** Of a raw recording: also REST calls, `written` of their answers at the file. */
export interface RawAccount extends Account {
  readonly rest: { readonly asked: number; readonly answered: number; readonly written: number }
}

export interface RecordedTicks extends Account {
  /** The same as `written`. */
  readonly ticks: number
  /** Of the ticks, those of simulated markets. */
  readonly simulated: number
  /** What was refused, by reason; `time_backwards`: too late to stand in its place. */
  readonly bad: Readonly<Partial<Record<BadTickReason, number>>>
  /** Integer ms; null: nothing was recorded. */
  readonly firstAt: number | null
  readonly lastAt: number | null
}

const present = (losses: Readonly<Record<LossReason, number>>): Losses =>
  Object.fromEntries(Object.entries(losses).filter(([, count]) => count > 0))

/** `disorderTicks`: how many ticks of the source may come before one that belongs ahead of them. */
export const ticks = (
  disorderTicks: number,
  sockets: () => SocketCounts | null,
): Tally<SourceBatch, RecordedTicks> => {
  const ordering = new Ordering(disorderTicks), bad = new Map<BadTickReason, number>()
  let received = 0, simulated = 0, discarded = 0, firstAt: number | null = null, lastAt: number | null = null
  const lines = (ready: ReturnType<Ordering["push"]>): ReadonlyArray<string> => {
    firstAt ??= ready[0]?.ingestTime ?? null
    lastAt = ready.at(-1)?.ingestTime ?? lastAt
    return ready.map(TickCodec.toLine)
  }
  return {
    take: (batch) => {
      for (const reason of batch.bad) bad.set(reason, (bad.get(reason) ?? 0) + 1)
      simulated += batch.simulated
      received += batch.ticks.length
      discarded += batch.discarded ?? 0
      return lines(batch.beat ? ordering.beat() : ordering.push(batch.ticks))
    },
    rest: Effect.sync(() => lines(ordering.flush())),
    taken: () => received,
    recorded: ({ files, lines: written }, interrupted) => {
      const { late } = ordering, counts = sockets()
      const backwards = (bad.get("time_backwards") ?? 0) + late
      const dropped = counts?.ticksDropped ?? 0
      return {
        files,
        received: received + dropped,
        written,
        lost: present({ too_late: late, file_too_slow: dropped, discarded }),
        socketFrames: counts?.received ?? null,
        interrupted,
        ticks: written,
        simulated,
        bad: { ...Object.fromEntries(bad), ...backwards === 0 ? {} : { time_backwards: backwards } },
        firstAt,
        lastAt,
      }
    },
  }
}

/** Lines of what we said to venues are in the file too, but count in no figure. */
export const rawFrames = (sockets: SocketFrames): Tally<void, RawAccount> => {
  let kept = 0, answers = 0, notes = 0
  const take = (): ReadonlyArray<string> => {
    const batch = sockets.take()
    for (const { kind } of batch) {
      if (kind === "frame") kept++
      else if (kind === "answer") answers++
      else notes++
    }
    return batch.map(({ line }) => line)
  }
  return {
    take,
    rest: Effect.sync(() => {
      sockets.end()
      return take()
    }),
    taken: () => kept,
    recorded: ({ files, lines }, interrupted) => {
      const { answered, answersDropped, asked, framesDropped, received } = sockets.counts()
      return {
        files,
        received,
        written: lines - notes - answers,
        rest: { asked, answered, written: answers },
        lost: present({ too_late: 0, file_too_slow: framesDropped + answersDropped, discarded: 0 }),
        socketFrames: received,
        interrupted,
      }
    },
  }
}
