/**
 * Percentiles of a few thousand values.
 *
 * In: values in any order, `p` from 0 to 100. Out: one of the values, by the nearest rank; null where there are none.
 * Promises: the values given are left as they are.
 */
export const percentile = (values: ReadonlyArray<number>, p: number): number | null => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(p / 100 * sorted.length) - 1)] ?? null
}
