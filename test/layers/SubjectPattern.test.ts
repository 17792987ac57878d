/** Subject patterns: what matches, what overlaps, what is malformed. */
import { assert, describe, it } from "@effect/vitest"
import {
  anyMatcher,
  isKey,
  isKeyFilter,
  isPattern,
  isSubject,
  matcher,
  overlaps,
} from "../../src/layers/SubjectPattern.ts"

describe("A subject pattern", () => {
  it("matches by tokens, one for a star and one or more for a final arrow", () => {
    const cases: ReadonlyArray<readonly [string, string, boolean]> = [
      ["a.b", "a.b", true],
      ["a.b", "a.b.c", false],
      ["a.*", "a.b", true],
      ["a.*", "a", false],
      ["a.*", "a.b.c", false],
      ["*.b", "a.b", true],
      ["*.b", "a.c", false],
      ["a.>", "a.b.c", true],
      ["a.>", "a", false],
      ["*.x.>", "a.x.y", true],
      ["*.x.>", "a.y.y", false],
      [">", "a", true],
    ]
    for (const [pattern, subject, expected] of cases) {
      assert.strictEqual(matcher(pattern)(subject), expected, `${pattern} ${subject}`)
    }
    assert.isTrue(anyMatcher([])("anything"))
    assert.isTrue(anyMatcher(["a.*", "b"])("b"))
    assert.isFalse(anyMatcher(["a.*", "b"])("c"))
  })

  it("overlaps with another when some subject matches both", () => {
    const cases: ReadonlyArray<readonly [string, string, boolean]> = [
      ["a.b", "a.b", true],
      ["a.b", "a.c", false],
      ["a.*", "a.c", true],
      ["a.>", "a.b.c", true],
      ["a.>", "a", false],
      ["a.*", "*.b", true],
      ["a.*.c", "a.b.d", false],
      ["a.b", "a.b.c", false],
      [">", "a.b", true],
    ]
    for (const [left, right, expected] of cases) {
      assert.strictEqual(overlaps(left, right), expected, `${left} ${right}`)
      assert.strictEqual(overlaps(right, left), expected, `${right} ${left}`)
    }
  })

  it("is told apart from what is malformed", () => {
    for (const good of ["a", "a.b-c_d", "md.v1.x"]) assert.isTrue(isSubject(good) && isPattern(good))
    for (const bad of ["", ".", "a.", ".a", "a..b", "a b", "a.*", "a.>"]) assert.isFalse(isSubject(bad), bad)
    for (const good of [">", "*", "a.*.b", "a.>"]) assert.isTrue(isPattern(good), good)
    for (const bad of ["", "a.>.b", "a*", "a.>x", "a..>"]) assert.isFalse(isPattern(bad), bad)
    assert.isTrue(isKey("a.b/c=d-1_2"))
    assert.isFalse(isKey("a:b"))
    assert.isTrue(isKeyFilter("a.*.>"))
    assert.isFalse(isKeyFilter("a:*"))
  })
})
