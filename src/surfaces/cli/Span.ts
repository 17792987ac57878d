/**
 * Flags that are spans of time.
 *
 * In: texts such as "20s". Out: milliseconds, whole.
 * Promises: what is no span is refused as wrong usage, with examples of what is one.
 */
import { Flag } from "effect/cli"
import * as TimeSpan from "../../domain/TimeSpan.ts"

export const span = (name: string): Flag.Flag<number> =>
  Flag.String(name).pipe(
    Flag.filterMap(TimeSpan.parse, (text) => `"${text}" is no time: give 500ms, 20s, 30m or 2h`),
  )
