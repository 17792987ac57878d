/**
 * The live display of a load run, on a terminal only.
 *
 * In: lines, now and then. Out: a block on standard error that redraws itself in place. Promises: nothing at all where
 * standard error is not a terminal, so that pipes and logs stay clean; a line never wraps; what was drawn is taken away at
 * the end.
 */
import process from "node:process"
import { Effect } from "effect"

export interface Display {
  readonly show: (lines: ReadonlyArray<string>) => Effect.Effect<void>
  readonly done: Effect.Effect<void>
}

const UP = (lines: number): string => lines === 0 ? "" : `\u001b[${lines}A`
const CLEAR_BELOW = "\r\u001b[J"
const DEFAULT_COLUMNS = 80

export const make: Effect.Effect<Display> = Effect.sync(() => {
  if (!process.stderr.isTTY) return { show: () => Effect.void, done: Effect.void }
  let drawn = 0
  const draw = (lines: ReadonlyArray<string>) =>
    Effect.sync(() => {
      const columns = process.stderr.columns > 0 ? process.stderr.columns : DEFAULT_COLUMNS
      const text = lines.map((line) => `${line.slice(0, columns - 1)}\n`).join("")
      process.stderr.write(`${UP(drawn)}${CLEAR_BELOW}${text}`)
      drawn = lines.length
    })
  return { show: draw, done: Effect.suspend(() => draw([])) }
})
