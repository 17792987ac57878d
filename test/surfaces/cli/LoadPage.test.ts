/** The page and the text of a load run: what is wrong is told in words, what was not measured is no zero. */
import { assert, describe, it } from "@effect/vitest"
import { page } from "../../../src/surfaces/cli/LoadPage.ts"
import { display, summary } from "../../../src/surfaces/cli/LoadText.ts"
import { reported } from "../../support/loadReport.ts"

const NOTHING_ASKED = { judged: [], version: "test" }

describe("The page of a load run", () => {
  it("needs nothing else, escapes what came from outside, and is the same each time", () => {
    const made = page(reported({}), NOTHING_ASKED)
    assert.strictEqual(made, page(reported({}), NOTHING_ASKED))
    assert.notMatch(made, /<script|<link|src=|url\(http/)
    assert.include(made, "nothing &lt;real&gt;")
  })

  it("says on top that the run is not finished, and what was lost", () => {
    const made = page({ ...reported({ lost: 3 }), finished: false }, NOTHING_ASKED)
    assert.include(made, "NOT FINISHED")
    assert.include(made, `<b class="bad">3</b><span>lost</span>`)
    assert.include(page(reported({ lost: null }), NOTHING_ASKED), `<b class="">-</b><span>lost</span>`)
  })

  it("shows the objectives with their verdicts", () => {
    const judged = [{ check: "loss", limit: "<= 0", measured: "3", verdict: "broken" }] as const
    assert.include(page(reported({ lost: 3 }), { ...NOTHING_ASKED, judged }), "<td>broken</td>")
  })
})

describe("The text of a load run", () => {
  it("tells hops, latencies, growth and ends of rows", () => {
    const text = summary(reported({ grows: true }))
    for (const part of ["ticks -> frames", "received -> accepted", "heapMiB", "GROWS", "sent 4, expired 1"]) {
      assert.include(text, part)
    }
    assert.include(summary(reported({ grows: null })), "too short to say")
  })

  it("tells of commands and replies only where people asked", () => {
    const some = reported({}), none = { ...some, totals: { ...some.totals, commands: 0, replies: 0 } }
    assert.include(summary(some), "9 replies to 9 commands (9/s)")
    assert.include(display(some).join("\n"), "replies  9 of 9 commands · p50 250 · p99 250")
    assert.include(page(some, NOTHING_ASKED), "commands replied to")
    for (const text of [summary(none), display(none).join("\n"), page(none, NOTHING_ASKED)]) {
      assert.notMatch(text, /of \d+ commands|to \d+ commands|commands replied to/)
    }
  })

  it("shows a dash where nobody knows", () => {
    assert.match(display(reported({ lost: null })).join("\n"), /· - lost/)
    assert.match(display(reported({})).join("\n"), /lag +- frames/)
  })
})
