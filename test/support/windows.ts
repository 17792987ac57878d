/**
 * How full windows of time are.
 *
 * In: instants, oldest first. Out: the most of them that any half-open window [t, t + windowMs) holds: some fullest one
 * starts at one of them.
 */
export const fullest = (instants: ReadonlyArray<number>, windowMs: number): number => {
  let most = 0
  let last = 0
  for (let first = 0; first < instants.length; first++) {
    while (last < instants.length && (instants[last] ?? 0) < (instants[first] ?? 0) + windowMs) last++
    most = Math.max(most, last - first)
  }
  return most
}
