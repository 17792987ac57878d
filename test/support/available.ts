/**
 * Which parts of the outside world this test run can use, probed once a test file.
 * Comes in: the probes of probes.ts, and ARBEDGE_REQUIRE.
 * Goes out: `nats`, `postgres`, `data`, and `describeWith`, which skips what cannot run and says what is absent.
 * Promises: with ARBEDGE_REQUIRE=1 (continuous integration) importing this file where a part is absent throws, so
 * every suite that might have skipped fails, however it decides to skip.
 */
import process from "node:process"
import { describe, it } from "vitest"
import {
  type Dependency,
  type FolderDependency,
  probeData,
  probeNats,
  probePostgres,
  type ServerDependency,
} from "./probes.ts"

export type { Dependency, FolderDependency, ServerDependency } from "./probes.ts"

export const nats: ServerDependency = await probeNats()
export const postgres: ServerDependency = await probePostgres()
export const data: FolderDependency = probeData()

/** What keeps a suite that needs `parts` from running; null when nothing does. Throws it where nothing may skip. */
export const obstacle = (parts: ReadonlyArray<Dependency>, mustRun: boolean): string | null => {
  const absent = parts.filter((part) => !part.available)
  if (absent.length === 0) return null
  const message = absent.map((part) => part.why).join("; ")
  if (mustRun) throw new Error(`ARBEDGE_REQUIRE=1, but ${message}`)
  return message
}

obstacle([nats, postgres, data], process.env["ARBEDGE_REQUIRE"] === "1")

/**
 * `describe` for a suite that needs one part of the outside world or several. Where one is absent `body` is not
 * even called: the suite holds one skipped test instead, which says what is missing and how to provide it.
 */
export const describeWith = (
  needs: Dependency | ReadonlyArray<Dependency>,
  name: string,
  body: () => void,
): void => {
  const message = obstacle("available" in needs ? [needs] : needs, false)
  if (message === null) describe(name, body)
  else describe(name, () => it("is skipped", (context) => context.skip(message)))
}
