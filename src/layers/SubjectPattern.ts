/**
 * Subject patterns as every implementation of the Bus understands them: tokens between dots, `*` for exactly one
 * token, a final `>` for one or more.
 *
 * In: patterns and subjects. Out: a test for one pattern or several, whether two patterns can both match something,
 * and whether a subject may be published to. Pure.
 */

/** True for a subject without wildcards, empty tokens or blanks. */
export const isSubject = (subject: string): boolean => /^[^\s.*>]+(\.[^\s.*>]+)*$/.test(subject)

/** True for a subject or a pattern that is well formed. */
export const isPattern = (pattern: string): boolean => /^([^\s.*>]+|\*)(\.([^\s.*>]+|\*))*(\.>)?$|^>$/.test(pattern)

/** True for a key every bucket can hold. */
export const isKey = (key: string): boolean => isSubject(key) && /^[-/=.\w]+$/.test(key)

/** True for a key or a pattern of keys. */
export const isKeyFilter = (filter: string): boolean => isPattern(filter) && /^[-/=.*>\w]+$/.test(filter)

/** Compiles one pattern; an exact subject costs one comparison. */
export const matcher = (pattern: string): (subject: string) => boolean => {
  if (pattern === ">") return () => true
  if (!pattern.includes("*") && !pattern.endsWith(".>")) return (subject) => subject === pattern
  const open = pattern.endsWith(".>")
  const wanted = (open ? pattern.slice(0, -2) : pattern).split(".")
  return (subject) => {
    const tokens = subject.split(".")
    if (open ? tokens.length <= wanted.length : tokens.length !== wanted.length) return false
    return wanted.every((token, index) => token === "*" || token === tokens[index])
  }
}

/** Compiles several patterns; none at all means everything. */
export const anyMatcher = (patterns: ReadonlyArray<string>): (subject: string) => boolean => {
  if (patterns.length === 0) return () => true
  const matchers = patterns.map(matcher)
  const [only] = matchers
  return matchers.length === 1 && only !== undefined ? only : (subject) => matchers.some((matches) => matches(subject))
}

/** True if some subject matches both patterns: two streams of one server must not. */
export const overlaps = (left: string, right: string): boolean => {
  const a = left.split(".")
  const b = right.split(".")
  for (let index = 0;; index++) {
    const x = a[index]
    const y = b[index]
    if (x === undefined || y === undefined) return x === y
    if (x === ">" || y === ">") return true
    if (x !== y && x !== "*" && y !== "*") return false
  }
}
