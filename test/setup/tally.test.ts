/**
 * The verdict of continuous integration, run as the program it is.
 * Comes in: made-up reports in the form vitest writes. Goes out: the last line, the exit code, and what is named.
 * Promises: the reports live in a temporary folder that is removed.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { afterAll, describe, expect, it } from "vitest"

const folder = mkdtempSync(join(tmpdir(), "arbedge-tally-"))
afterAll(() => rmSync(folder, { recursive: true }))

const tally = fileURLToPath(new URL("../../.ci/tally.mjs", import.meta.url))
const runtime = "Deno" in globalThis ? ["run", "-A"] : []

interface File {
  readonly name: string
  readonly status: "passed" | "failed"
  readonly message: string
  readonly assertionResults: ReadonlyArray<{
    readonly status: string
    readonly fullName: string
    readonly failureMessages: ReadonlyArray<string>
  }>
}

const file = (...statuses: ReadonlyArray<string>): File => ({
  name: "a.test.ts",
  status: statuses.includes("failed") ? "failed" : "passed",
  message: "",
  assertionResults: statuses.map((status, index) => ({ status, fullName: `test ${index}`, failureMessages: [] })),
})

/** Writes the report of a run that ended with `code`, and returns the argument that names both. */
const report = (name: string, code: number, ...testResults: ReadonlyArray<File>): string => {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  const passed = tests.filter(({ status }) => status === "passed").length
  const path = join(folder, name)
  writeFileSync(path, JSON.stringify({ numPassedTests: passed, numTotalTests: tests.length, testResults }))
  return `${code}=${path}`
}

const verdict = (reports: ReadonlyArray<string>, failedSteps: ReadonlyArray<string> = []) => {
  const { stdout, status } = spawnSync(process.execPath, [...runtime, tally, ...reports, "--", ...failedSteps], {
    encoding: "utf8",
  })
  return { said: stdout, last: stdout.trimEnd().split("\n").at(-1), code: status }
}

const sound = report("sound.json", 0, file("passed", "passed"), file("passed"))

describe("the tally", () => {
  it("adds up the runs and exits with 0 when nothing failed", () => {
    expect(verdict([sound, sound])).toMatchObject({ last: "6 passed, 0 failed", code: 0 })
  })

  it("counts and names a test that failed and a test that skipped", () => {
    const { said, last, code } = verdict([sound, report("bad.json", 1, file("passed", "failed", "skipped"))])
    expect({ last, code }).toEqual({ last: "4 passed, 2 failed", code: 1 })
    expect(said).toContain("failed: a.test.ts > test 1")
    expect(said).toContain("skipped: a.test.ts > test 2")
  })

  it("names a test that passed only when tried again, and why, and counts it as passed", () => {
    const messages = ["Error: it did not happen in time\n    at somewhere"]
    const { assertionResults, ...rest } = file("passed", "passed")
    const again = {
      ...rest,
      assertionResults: assertionResults.map((test) => ({ ...test, failureMessages: messages })),
    }
    const { said, last, code } = verdict([report("again.json", 0, again)])
    expect({ last, code }).toEqual({ last: "2 passed, 0 failed", code: 0 })
    expect(said).toContain("passed only when tried again: a.test.ts > test 0: Error: it did not happen in time\n")
  })

  it("counts a file that could not be loaded, and a run that failed though its tests passed", () => {
    const unloaded: File = { ...file(), status: "failed", message: "cannot find module" }
    expect(verdict([report("unloaded.json", 1, unloaded)])).toMatchObject({ last: "0 passed, 1 failed", code: 1 })
    expect(verdict([report("outside.json", 1, file("passed"))])).toMatchObject({
      last: "1 passed, 1 failed",
      code: 1,
    })
  })

  it("counts a report that is missing, and one that holds no test", () => {
    expect(verdict([sound, `1=${join(folder, "none.json")}`])).toMatchObject({ last: "3 passed, 1 failed", code: 1 })
    expect(verdict([report("empty.json", 0)])).toMatchObject({ last: "0 passed, 1 failed", code: 1 })
  })

  it("counts each failed step, so that it never says 0 failed beside one", () => {
    expect(verdict([sound], ["types, lint, format", "NATS"])).toMatchObject({ last: "3 passed, 2 failed", code: 1 })
  })
})
