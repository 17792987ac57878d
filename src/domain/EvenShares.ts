/**
 * Shares without chance: which of several weighted options the n-th of a series gets.
 *
 * In: a step of its own for each trait, the place in the series. Out: a number between 0 and 1, or the option it falls on.
 * Promises: pure; multiples of an irrational step fill 0..1 evenly, so proportions hold to within a few for any count, and
 * different steps give traits that do not depend on each other.
 */

/** A step is irrational. */
export const place = (step: number, at: number): number => (at + 0.5) * step % 1

/** The option that this place between 0 and 1 falls on. */
export const chosen = <A>(
  options: ReadonlyArray<{ readonly weight: number; readonly value: A }>,
  at: number,
): A | undefined => {
  const sum = options.reduce((total, { weight }) => total + weight, 0)
  let passed = 0
  for (const { value, weight } of options) {
    passed += weight
    if (weight > 0 && at * sum < passed) return value
  }
  return undefined
}
