/**
 * Percentiles of a few thousand values, by the nearest rank. In: values in any order, `p` from 0 to 100. Out: one of the
 * values; null where there are none.
 */
export const percentile = (values: ReadonlyArray<number>, p: number): number | null => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(p / 100 * sorted.length) - 1)] ?? null
}
