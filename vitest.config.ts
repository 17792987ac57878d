/**
 * How the tests run on both runtimes.
 * Comes in: every `*.test.ts` under test/. Goes out: verdicts, and with `--coverage` the line coverage of src.
 * Promises: each test file has a process of its own (pool "forks"), so a file that dies takes no other with it.
 */
import process from "node:process"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

// Processes that tests start on Node begin in half the time where a former one has compiled the same sources.
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("node_modules/.cache/compile", import.meta.url))

/** A file to write the verdicts to as JSON besides printing them; continuous integration counts from it. */
const report = process.env["ARBEDGE_TEST_REPORT"]

/** Tests that start processes and servers, and wait for them by the wall's clock. */
const WITH_PROCESSES = [
  "test/{chaos,e2e,examples,programs}/**/*.test.ts",
  "test/layers/{archive,cluster,nats}/**/*.test.ts",
  "test/streams/archive/Expiry.test.ts",
  "test/surfaces/cli/**/*.test.ts",
]

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: "rest", include: ["test/**/*.test.ts"], exclude: WITH_PROCESSES } },
      {
        extends: true,
        // A machine that others share may stand still for seconds. In continuous integration these are tried once more,
        // and the verdict names those that needed it (docs/decisions/0095).
        test: { name: "processes", include: WITH_PROCESSES, retry: process.env["CI"] === undefined ? 0 : 1 },
      },
    ],
    // As in the product: before anything loads Effect.
    setupFiles: ["src/layers/denoFibers.ts"],
    pool: "forks",
    // Half of the tests wait for servers: one at a time, as is the default on two cores, would take twice as long.
    maxWorkers: 2,
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: ["text-summary", "json-summary", "html"],
      reportsDirectory: "coverage",
      reportOnFailure: true,
      thresholds: { lines: 90 },
    },
  },
})
