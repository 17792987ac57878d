/** What `doctor` says of the archive: absent, a folder, a bucket, and each of them wrong. */
import { assert, describe, it } from "@effect/vitest"
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ConfigProvider, Effect } from "effect"
import { settings } from "../../../src/domain/Settings.ts"
import { checkArchive } from "../../../src/programs/doctor/Archive.ts"
import { s3Server } from "../../support/s3Server.ts"

const checked = (variables: Record<string, string>) =>
  Effect.flatMap(settings, checkArchive).pipe(
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnvRecord(variables)),
  )

describe("The check of the archive", () => {
  it.live("is optional where none is set", () =>
    Effect.map(checked({}), ({ fix, state }) => {
      assert.strictEqual(state, "optional")
      assert.include(fix, "ARBEDGE_ARCHIVE")
    }))

  it.live("writes to a folder, and leaves nothing there", () =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "arbedge-doctor-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
      )
      assert.strictEqual((yield* checked({ ARBEDGE_ARCHIVE: join(folder, "new") })).state, "ok")
      const left = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.includes("doctor"))
      assert.deepStrictEqual(left, [])
      writeFileSync(join(folder, "file"), "")
      const wrong = yield* checked({ ARBEDGE_ARCHIVE: join(folder, "file") })
      assert.strictEqual(wrong.state, "failing")
      assert.notStrictEqual(wrong.fix, "")
    }))

  it.live("refuses times to keep that are too short or no days at all, by the variable's name", () =>
    Effect.gen(function* () {
      for (const name of ["ARBEDGE_ARCHIVE_DAYS", "ARBEDGE_ARCHIVE_ANALYTICS_DAYS", "ARBEDGE_ARCHIVE_AUDIT_DAYS"]) {
        for (const days of ["0", "-1", "6", "100000"]) {
          const { detail, state } = yield* checked({ ARBEDGE_ARCHIVE: "never-made", [name]: days })
          assert.strictEqual(state, "failing")
          assert.include(detail, `${name} is ${days}`)
        }
      }
    }))

  it.live("asks a bucket, and tells what is wrong with it, never a secret", () =>
    Effect.gen(function* () {
      const { endpoint } = yield* s3Server
      const bucket = {
        ARBEDGE_ARCHIVE: "s3://archive",
        ARBEDGE_ARCHIVE_ENDPOINT: endpoint,
        ARBEDGE_ARCHIVE_KEY_ID: "S3RVER",
        ARBEDGE_ARCHIVE_SECRET: "canary",
      }
      assert.strictEqual((yield* checked(bucket)).state, "ok")
      const cases = [
        { ...bucket, ARBEDGE_ARCHIVE: "s3://another" },
        { ...bucket, ARBEDGE_ARCHIVE_KEY_ID: "nobody" },
        { ...bucket, ARBEDGE_ARCHIVE: "s3://archive/with/a/path" },
        { ...bucket, ARBEDGE_ARCHIVE_ENDPOINT: "nonsense" },
        { ARBEDGE_ARCHIVE: "s3://archive" },
        { ARBEDGE_ARCHIVE: "ftp://somewhere" },
      ]
      const wrong = yield* Effect.forEach(cases, checked)
      assert.deepStrictEqual(wrong.map(({ state }) => state), cases.map(() => "failing"))
      assert.isTrue(wrong.every(({ fix }) => fix !== ""))
      assert.notInclude(JSON.stringify(wrong), "canary")
    }))
})
