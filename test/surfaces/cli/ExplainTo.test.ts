/** `arbedge explain USER OPPORTUNITY`, asked of a running service that holds an embedded store. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, FileSystem, Layer, Option, Schema } from "effect"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { DEFAULT_PREFERENCES } from "../../../src/domain/Preferences.ts"
import * as Pglite from "../../../src/layers/pglite/Pglite.ts"
import { Opportunities } from "../../../src/layers/Opportunities.ts"
import { Sessions } from "../../../src/layers/Sessions.ts"
import * as Migrations from "../../../src/layers/sql/Migrations.ts"
import * as Repositories from "../../../src/layers/sql/Repositories.ts"
import { Standings } from "../../../src/layers/Standings.ts"
import { Users } from "../../../src/layers/Users.ts"
import * as EnvelopeVault from "../../../src/layers/vault/EnvelopeVault.ts"
import { UserTrace } from "../../../src/programs/UserTraces.ts"
import * as Pipeline from "../../../src/streams/Pipeline.ts"
import * as Server from "../../../src/surfaces/rpc/Server.ts"
import { card } from "../../domain/card/someCard.ts"
import { arbedge } from "./inProcess.ts"

const store = Layer.merge(
  NodeServices.layer,
  Repositories.layer.pipe(
    Layer.provideMerge(Migrations.layer),
    Layer.provideMerge(Layer.merge(EnvelopeVault.ephemeral, Pglite.layer({ dataDir: Option.none() }))),
  ),
)

/** A service that knows Ann, who is awake all day, and one opportunity. */
const served = Effect.gen(function* () {
  const dataDir = yield* FileSystem.FileSystem.use((files) =>
    files.makeTempDirectoryScoped({ prefix: "arbedge-explain-" })
  )
  const watch = yield* Pipeline.makeWatch
  const options = { version: "9.9.9", roles: [], simulated: true, watch, host: "127.0.0.1", port: 0 }
  yield* Layer.build(Server.layer({ ...options, dataDir: Option.some(dataDir) }))
  const nowMs = yield* Clock.currentTimeMillis
  const users = yield* Users, sessions = yield* Sessions
  const contact = { telegramId: "7", username: "ann", firstName: "Ann", lastName: null, isGroup: false, nowMs }
  const { userId } = yield* users.contact(contact)
  yield* sessions.start({ userId, telegramId: "7", nowMs, ttlMs: 3_600_000 })
  yield* users.setPreferences(userId, { ...DEFAULT_PREFERENCES, activeHoursStart: 0, activeHoursEnd: 0 }, nowMs)
  yield* Opportunities.use((opportunities) => opportunities.upsert(card({ expiresAt: nowMs + 600_000 }), nowMs))
  return { userId, id: card().id, environment: { ARBEDGE_DATA_DIR: dataDir } }
})

describe("arbedge explain USER ID", () => {
  it.live("tells each layer's checks with the values compared, and by its exit code whether all hold; with 2 what nobody knows", () =>
    Effect.gen(function* () {
      const { environment, id, userId } = yield* served
      const told = yield* arbedge(["explain", "@ann", id], environment)
      assert.strictEqual(told.code, 0)
      assert.match(told.stdout, /then: it was never queued for them\nnow \(.*\): would be told\n/)
      assert.match(told.stdout, /1 session +no_session +passed +sessionUntilMs 20\d\d-/)
      assert.match(told.stdout, /3 wishes +below_min_net_bps +passed +netBps 15\.7757, minNetBps 0\n/)
      assert.match(told.stdout, /4 limits +hour_limit +passed +spent 0, viewed 0, limit 3, planLimit 5\n/)
      assert.match(told.stdout, /6 place +blocked_region +passed +country -, venues kraken okx, blocking/)
      const restriction = { userId, reason: "chargeback", untilMs: null, by: "root", nowMs: 0 }
      yield* Standings.use((standings) => standings.restrict(restriction))
      const refused = yield* arbedge(["explain", "7", id], environment)
      assert.strictEqual(refused.code, 3)
      assert.match(refused.stdout, /6 place +restricted +refused: restricted +restriction chargeback, untilMs -/)
      const asJson = yield* arbedge(["explain", userId, id, "--json"], environment)
      const trace = Schema.decodeSync(Schema.fromJsonString(UserTrace))(asJson.stdout)
      assert.deepStrictEqual([trace.reason, trace.user.userId, trace.checks.length], ["restricted", userId, 23])
      const nobody = yield* arbedge(["explain", "@bob", id], environment)
      assert.deepStrictEqual([nobody.code, /no user "@bob" is known here/.test(nobody.stderr)], [2, true])
      const nothing = yield* arbedge(["explain", "@ann", "nope"], environment)
      assert.deepStrictEqual([nothing.code, /no opportunity "nope" was told here/.test(nothing.stderr)], [2, true])
    }).pipe(Effect.provide(store)))
})
