/*
 * Adds up what continuous integration saw.
 * Comes in: per run its exit code, `=` and its JSON report by vitest, then `--`, then the names of the steps that failed.
 * Goes out: what failed or skipped, and what passed only when tried again, by name, and as the last line `N passed, N failed`; exit code 1 if anything failed.
 * Promises: a report that is missing or unreadable, an empty run, a test file that could not be loaded, a test that
 * skipped, and a step that failed each count as a failure, so "0 failed" is never printed beside one.
 */
import { readFileSync } from "node:fs"
import process from "node:process"

const divider = process.argv.indexOf("--")
const runs = process.argv.slice(2, divider).map((run) => [run.split("=", 1)[0], run.slice(run.indexOf("=") + 1)])
const failedSteps = process.argv.slice(divider + 1)

let passed = 0
const unsteady = []
const failed = failedSteps.map((name) => `step: ${name}`)

for (const [code, path] of runs) {
  let report
  try {
    report = JSON.parse(readFileSync(path, "utf8"))
  } catch {
    failed.push(`${path}: no report`)
    continue
  }
  passed += report.numPassedTests
  const before = failed.length
  for (const file of report.testResults) {
    const bad = file.assertionResults.filter((test) => test.status !== "passed")
    const again = file.assertionResults.filter((test) => test.status === "passed" && test.failureMessages.length > 0)
    for (const test of again) {
      const [why] = test.failureMessages[0].split("\n")
      unsteady.push(`passed only when tried again: ${file.name} > ${test.fullName}: ${why}`)
    }
    for (const test of bad) failed.push(`${test.status}: ${file.name} > ${test.fullName}`)
    if (file.status === "failed" && bad.length === 0) failed.push(`${file.name}: ${file.message}`)
  }
  if (failed.length === before && code !== "0") {
    failed.push(`${path}: every test passed, but the run ended with ${code} (coverage, or a failure outside the tests)`)
  }
  if (failed.length === before && report.numTotalTests === 0) failed.push(`${path}: no test ran`)
  console.log(`${path}: ${report.numPassedTests} passed of ${report.numTotalTests}`)
}

for (const line of [...unsteady, ...failed]) console.log(line)
console.log(`${passed} passed, ${failed.length} failed`)
process.exit(failed.length === 0 ? 0 : 1)
