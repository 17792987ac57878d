/** `arbedge users`, `sessions`, `tiers` and `audit`, against a service that runs in this process. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Option } from "effect"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { putInForce, SHIPPED_TIERS, tiersInForce } from "../../../src/domain/Tier.ts"
import { Audit } from "../../../src/layers/Audit.ts"
import * as Pglite from "../../../src/layers/pglite/Pglite.ts"
import { Sessions } from "../../../src/layers/Sessions.ts"
import { Store } from "../../../src/layers/Store.ts"
import { Users } from "../../../src/layers/Users.ts"
import * as Pipeline from "../../../src/streams/Pipeline.ts"
import * as Server from "../../../src/surfaces/rpc/Server.ts"
import { worldOf } from "../../suites/StoreWorld.ts"
import { arbedge } from "./inProcess.ts"

const world = Layer.merge(NodeServices.layer, worldOf(Pglite.layer({ dataDir: Option.none() })))

const folder = FileSystem.FileSystem.use((files) => files.makeTempDirectoryScoped({ prefix: "arbedge-admin-" }))

const serving = Effect.gen(function* () {
  const dataDir = yield* folder
  const watch = yield* Pipeline.makeWatch
  const options = { version: "9.9.9", roles: [], simulated: true, watch, host: "127.0.0.1", port: 0 }
  yield* Layer.build(Server.layer({ ...options, dataDir: Option.some(dataDir) }))
  return (...args: ReadonlyArray<string>) => arbedge(args, { ARBEDGE_DATA_DIR: dataDir })
})

const met = (telegramId: string, username: string | null, nowMs: number) =>
  Users.use((users) => users.contact({ telegramId, username, firstName: "Ann", lastName: null, isGroup: false, nowMs }))

describe("arbedge users, sessions and audit", () => {
  it.live("list, show and change users of the running service, and verify what was recorded of it", () =>
    Effect.gen(function* () {
      const run = yield* serving
      const nowMs = Date.now()
      const ann = yield* met("101", "ann", nowMs)
      yield* met("102", null, nowMs - 1)
      yield* Sessions.use((sessions) =>
        sessions.start({ userId: ann.userId, telegramId: "101", nowMs, ttlMs: 3_600_000 })
      )
      const listed = yield* run("users", "list", "--json")
      assert.deepStrictEqual(
        listed.stdout.split("\n").map((line) => JSON.parse(line).telegramId),
        ["101", "102"],
      )
      const changed = yield* run("users", "set", "@Ann", "--tier", "pro", "--role", "superadmin", "--beta-days", "2")
      assert.strictEqual(changed.code, 0, changed.stderr)
      assert.match(changed.stdout, /101 +@ann +pro +superadmin/)
      const user = Option.getOrThrow(yield* Users.use((users) => users.byTelegramId("101")))
      assert.deepStrictEqual([user.tier, user.role], ["pro", "superadmin"])
      assert.isAbove(user.betaUntil ?? 0, nowMs)
      assert.match((yield* run("users", "list", "--role", "superadmin")).stdout, /@ann/)
      assert.match((yield* run("sessions")).stdout, /101 +@ann/)
      const entries = yield* Audit.use((audit) => audit.recent(10))
      assert.deepStrictEqual(entries.map(({ action, command, userId }) => [action, command, userId]), [
        ["beta_changed", "arbedge users", null],
        ["role_changed", "arbedge users", null],
        ["tier_changed", "arbedge users", null],
      ])
      assert.match((yield* run("audit", "verify")).stdout, /^3 entries intact, up to [0-9a-f]{64}$/)
      yield* Store.use(({ sql }) => sql`update audit_log set user_id = 'somebody else' where chain_sequence = 2`)
      const broken = yield* run("audit", "verify", "--json")
      assert.strictEqual(broken.code, 3)
      assert.deepStrictEqual(JSON.parse(broken.stdout).broken, { sequence: 2, why: "changed" })
    }).pipe(Effect.provide(world)))

  it.live("end with 2 for somebody nobody knows and for nothing to change, with 4 where no service runs", () =>
    Effect.gen(function* () {
      const run = yield* serving
      for (
        const args of [["show", "@nobody"], ["set", "@nobody", "--tier", "pro"], ["set", "101"], [
          "list",
          "--limit",
          "0",
        ]]
      ) {
        assert.strictEqual((yield* run("users", ...args)).code, 2, args.join(" "))
      }
      assert.strictEqual((yield* arbedge(["users", "list"], { ARBEDGE_DATA_DIR: yield* folder })).code, 4)
    }).pipe(Effect.provide(world)))
})

describe("arbedge tiers", () => {
  it.live("prints the table in force, the operator's own where one is set, and refuses a wrong one", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const path = `${yield* folder}/tiers.json`
      assert.match((yield* arbedge(["tiers"])).stdout, /free +5 +20 +10 +cross_exchange, technical +3 +- +- /)
      const shipped = JSON.parse((yield* arbedge(["tiers", "--json"])).stdout)
      assert.deepStrictEqual(shipped, SHIPPED_TIERS)
      yield* files.writeFileString(path, JSON.stringify({ ...shipped, version: "own-7" }))
      assert.match((yield* arbedge(["tiers"], { ARBEDGE_TIERS: path })).stdout, /version own-7/)
      assert.strictEqual(tiersInForce().version, "own-7")
      yield* files.writeFileString(path, JSON.stringify({ version: "own-8", tiers: {} }))
      const wrong = yield* arbedge(["tiers"], { ARBEDGE_TIERS: path })
      assert.strictEqual(wrong.code, 2)
      assert.include(wrong.stderr, path)
    }).pipe(Effect.ensuring(Effect.sync(() => putInForce(SHIPPED_TIERS))), Effect.provide(NodeServices.layer)))
})
