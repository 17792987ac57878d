/**
 * `arbedge keys`: master keys are made, counted and changed through the running service.
 *
 * In: a service with its key file, keys of users. Out: what the commands print, their exit codes, keys that open.
 */
import { assert, describe, it } from "@effect/vitest"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem, Layer, Option, Redacted } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Keys } from "../../../src/layers/Keys.ts"
import * as Pglite from "../../../src/layers/pglite/Pglite.ts"
import * as Migrations from "../../../src/layers/sql/Migrations.ts"
import * as Repositories from "../../../src/layers/sql/Repositories.ts"
import { Store } from "../../../src/layers/Store.ts"
import * as EnvelopeVault from "../../../src/layers/vault/EnvelopeVault.ts"
import { Vault } from "../../../src/layers/Vault.ts"
import * as Pipeline from "../../../src/streams/Pipeline.ts"
import * as Server from "../../../src/surfaces/rpc/Server.ts"
import { someUser, t0 } from "../../suites/StoreWorld.ts"
import { arbedge } from "./inProcess.ts"

const store = Layer.merge(NodeServices.layer, Pglite.layer({ dataDir: Option.none() }))

const folder = FileSystem.FileSystem.use((files) => files.makeTempDirectoryScoped({ prefix: "arbedge-keys-" }))

/** A service of this folder, until the scope closes. */
const serving = Effect.fnUntraced(function* (dataDir: string, vault: Parameters<typeof EnvelopeVault.layer>[0] | null) {
  const watch = yield* Pipeline.makeWatch
  const options = { version: "9.9.9", roles: [], simulated: true, watch, host: "127.0.0.1", port: 0 }
  const repositories = Repositories.layer.pipe(
    Layer.provideMerge(Migrations.layer),
    Layer.provideMerge(vault === null ? Vault.absent("set ARBEDGE_MASTER_KEYS") : EnvelopeVault.layer(vault)),
  )
  return yield* Layer.build(
    Server.layer({ ...options, dataDir: Option.some(dataDir) }).pipe(Layer.provideMerge(Layer.fresh(repositories))),
  )
})

const objectOf = (text: string): Readonly<Record<string, unknown>> => JSON.parse(text)

describe("arbedge keys", () => {
  it.live("prints a new key, each time another", () =>
    Effect.gen(function* () {
      const first = yield* arbedge(["keys", "new"]), second = yield* arbedge(["keys", "new"])
      assert.match(first.stdout, /^k[0-9a-f]{8}:[A-Za-z0-9+/]{43}=$/)
      assert.notStrictEqual(first.stdout, second.stdout)
      assert.notInclude(first.stderr, first.stdout)
    }))

  it.live("rotates to the key that was put first in the file, without a restart, and says what may go", () =>
    Effect.gen(function* () {
      const dataDir = yield* folder, path = join(dataDir, "master.keys"), environment = { ARBEDGE_DATA_DIR: dataDir }
      const service = yield* serving(dataDir, { _tag: "File", path, make: true })
      yield* Effect.gen(function* () {
        const keys = yield* Keys
        const { userId } = yield* someUser("100")
        const add = (venue: string) =>
          keys.add({
            userId,
            venue,
            label: null,
            secret: { apiKey: Redacted.make("a"), secret: Redacted.make(`secret of ${venue}`), passphrase: null },
            nowMs: t0,
          })
        const added = yield* Effect.forEach(["okx", "bybit", "kraken"], add)
        const old = /^(k\w+):/m.exec(readFileSync(path, "utf8"))?.[1] ?? ""
        assert.match((yield* arbedge(["keys", "status"], environment)).stdout, new RegExp(`${old} +current +3`))

        const line = (yield* arbedge(["keys", "new"])).stdout, fresh = line.split(":")[0] ?? ""
        writeFileSync(path, `${line}\n${readFileSync(path, "utf8")}`)
        const rotated = yield* arbedge(["keys", "rotate"], environment)
        assert.strictEqual(rotated.code, 0)
        assert.include(rotated.stdout, `3 rewrapped under ${fresh}`)
        assert.include(rotated.stdout, `can be removed: ${old}`)
        assert.notInclude(rotated.stdout + rotated.stderr, line.split(":")[1] ?? line)

        writeFileSync(path, `${line}\n`)
        const again = yield* arbedge(["keys", "rotate", "--json"], environment)
        assert.deepInclude(objectOf(again.stdout), {
          current: fresh,
          known: [fresh],
          rewrapped: 0,
          left: 0,
          removable: [],
        })
        for (const key of added) {
          const { secret } = yield* keys.secretOf(userId, key.keyId)
          assert.strictEqual(Redacted.value(secret), `secret of ${key.venue}`)
        }

        const { sql } = yield* Store
        yield* sql`update user_api_keys set sealed = regexp_replace(sealed, '^v1\\.[^.]+', 'v1.kgone') where venue = 'okx'`
        const lost = yield* arbedge(["keys", "rotate"], environment)
        assert.strictEqual(lost.code, 3)
        assert.include(lost.stderr, "1 rows are sealed under kgone")
        assert.match(lost.stdout, /kgone +NOT THERE +1/)
      }).pipe(Effect.provide(service))
    }).pipe(Effect.scoped, Effect.provide(store)))

  it.live("says what to do where the service has no master key, and where no service runs", () =>
    Effect.gen(function* () {
      const dataDir = yield* folder, environment = { ARBEDGE_DATA_DIR: dataDir }
      assert.strictEqual((yield* arbedge(["keys", "rotate"], environment)).code, 4)
      yield* serving(dataDir, null)
      const { code, stderr } = yield* arbedge(["keys", "rotate"], environment)
      assert.strictEqual(code, 1)
      assert.include(stderr, "ARBEDGE_MASTER_KEYS")
      assert.include((yield* arbedge(["keys", "status"], environment)).stdout, "no master key is set")
    }).pipe(Effect.scoped, Effect.provide(store)))
})
