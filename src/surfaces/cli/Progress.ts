/**
 * Progress of long work, on a terminal only.
 *
 * In: how much is done, now and then. Out: one line on standard error that redraws itself, at most ten times a second;
 * nothing at all where standard error is not a terminal, so that pipes and logs stay clean.
 */
import process from "node:process"
import { Clock, Effect } from "effect"

const WIDTH = 30
const REDRAW_EVERY_MS = 100

export interface Progress {
  /** `share` from 0 to 1. */
  readonly show: (share: number, text: string) => Effect.Effect<void>
  /** Where nobody knows how much there will be. */
  readonly count: (text: string) => Effect.Effect<void>
  readonly done: Effect.Effect<void>
}

const silent: Progress = { show: () => Effect.void, count: () => Effect.void, done: Effect.void }

export const make = (label: string): Effect.Effect<Progress> =>
  Effect.sync(() => {
    if (!process.stderr.isTTY) return silent
    let drawnAt = -Infinity
    const draw = (line: string) => Effect.sync(() => void process.stderr.write(`\r\u001b[2K${line}`))
    const drawNowAndThen = (line: () => string) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        if (now - drawnAt < REDRAW_EVERY_MS) return Effect.void
        drawnAt = now
        return draw(line())
      })
    return {
      show: (share, text) =>
        drawNowAndThen(() => {
          const filled = Math.round(Math.min(1, Math.max(0, share)) * WIDTH)
          const bar = "█".repeat(filled) + "░".repeat(WIDTH - filled)
          return `${label} ${bar} ${String(Math.floor(share * 100)).padStart(3)}% ${text}`
        }),
      count: (text) => drawNowAndThen(() => `${label} ${text}`),
      done: draw(""),
    }
  })
