/**
 * Slopes: does a figure grow over time, or does it only wobble?
 *
 * In: points of (time, value). Out: the slope of the straight line with the least squares, with the 95% confidence
 * interval of Student's t, and whether it grows. Promises: pure; too few points say nothing, and say so. What a collector
 * frees now and then is no fall and its return no growth: memory is judged by the least of each stretch.
 */
export interface Point {
  readonly atMs: number
  readonly value: number
}

export interface Slope {
  /** Units of the value an hour. */
  readonly perHour: number
  readonly low: number
  readonly high: number
  readonly points: number
}

const HOUR_MS = 3_600_000
const LEAST_POINTS = 5
const Z = 1.959964

/**
 * The two-sided 95% quantile of Student's t, by the expansion in 1/ν (Abramowitz and Stegun 26.7.5); below 5 degrees of
 * freedom it would be too small, so nobody asks there.
 */
const studentT = (degrees: number): number => {
  const g1 = (Z ** 3 + Z) / 4
  const g2 = (5 * Z ** 5 + 16 * Z ** 3 + 3 * Z) / 96
  const g3 = (3 * Z ** 7 + 19 * Z ** 5 + 17 * Z ** 3 - 15 * Z) / 384
  return Z + g1 / degrees + g2 / degrees ** 2 + g3 / degrees ** 3
}

/** Null: fewer than five points, or all at one time. */
export const slopeOf = (points: ReadonlyArray<Point>): Slope | null => {
  const n = points.length
  if (n < LEAST_POINTS) return null
  const meanX = points.reduce((sum, { atMs }) => sum + atMs, 0) / n / HOUR_MS
  const meanY = points.reduce((sum, { value }) => sum + value, 0) / n
  let sxx = 0, sxy = 0, syy = 0
  for (const { atMs, value } of points) {
    const x = atMs / HOUR_MS - meanX, y = value - meanY
    sxx += x * x
    sxy += x * y
    syy += y * y
  }
  if (sxx === 0) return null
  const perHour = sxy / sxx
  const residual = Math.max(0, syy - perHour * sxy)
  const reach = studentT(n - 2) * Math.sqrt(residual / (n - 2) / sxx)
  return { perHour, low: perHour - reach, high: perHour + reach, points: n }
}

/** What is left when the points are put into this many stretches of equal length, each judged by its least value. */
export const floors = (points: ReadonlyArray<Point>, stretches: number): ReadonlyArray<Point> => {
  const first = points[0]?.atMs ?? 0, last = points.at(-1)?.atMs ?? 0
  const width = (last - first) / stretches
  if (points.length <= stretches || width <= 0) return points
  const least = new Map<number, Point>()
  for (const point of points) {
    const stretch = Math.min(stretches - 1, Math.floor((point.atMs - first) / width))
    const known = least.get(stretch)
    if (known === undefined || point.value < known.value) least.set(stretch, point)
  }
  return [...least.values()]
}

/** The rest once the first part of the time has passed: caches fill, code is compiled, pools open. */
export const afterWarmUp = (points: ReadonlyArray<Point>, share: number): ReadonlyArray<Point> => {
  const first = points[0]?.atMs ?? 0, last = points.at(-1)?.atMs ?? 0
  const from = first + (last - first) * share
  return points.filter(({ atMs }) => atMs >= from)
}

/** What counts as growth: so much of its mean over the run, and never less than `least` in its own units. */
export interface Tolerance {
  readonly share: number
  readonly least: number
}

/**
 * Growth is certain (all of the interval is above zero) and it matters: over the points' time even the low end of the
 * interval adds more than is tolerated.
 */
export const grows = (points: ReadonlyArray<Point>, slope: Slope, { least, share }: Tolerance): boolean => {
  const hours = ((points.at(-1)?.atMs ?? 0) - (points[0]?.atMs ?? 0)) / HOUR_MS
  const mean = points.reduce((sum, { value }) => sum + value, 0) / Math.max(1, points.length)
  return slope.low > 0 && slope.low * hours > Math.max(least, share * mean)
}
