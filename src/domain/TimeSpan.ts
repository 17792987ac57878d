/**
 * Spans of time as people write them: "500ms", "20s", "1.5m", "2h", "7d".
 *
 * In: a text. Out: milliseconds, whole; none: it is no such text. Promises: pure; nine digits at most, so that no span is
 * beyond what a number tells exactly.
 */
import { Option } from "effect"

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const SPAN = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/

export const parse = (text: string): Option.Option<number> => {
  const [, amount = "", unit = ""] = SPAN.exec(text) ?? []
  const unitMs = UNIT_MS[unit]
  return unitMs === undefined ? Option.none() : Option.some(Math.round(Number(amount) * unitMs))
}
