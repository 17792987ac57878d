/** `arbedge queue` and `arbedge dlq`, asked of a running service that holds an embedded store. */
import { assert, layer } from "@effect/vitest"
import { Clock, Effect, FileSystem, Layer, Option, Schema } from "effect"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { DeadLetter } from "../../../src/layers/DeadLetters.ts"
import { OpportunityQueue } from "../../../src/layers/OpportunityQueue.ts"
import { QueueFigure } from "../../../src/layers/QueueFigures.ts"
import * as Pipeline from "../../../src/streams/Pipeline.ts"
import * as Server from "../../../src/surfaces/rpc/Server.ts"
import { minute, queueItem, someOpportunity } from "../../suites/StoreWorld.ts"
import { world } from "../../support/actors.ts"
import { arbedge } from "./inProcess.ts"

/** A service with two dead letters, the first of which has expired; their ids. */
const served = Effect.gen(function* () {
  const dataDir = yield* FileSystem.FileSystem.use((files) => files.makeTempDirectoryScoped({ prefix: "arbedge-dlq-" }))
  const watch = yield* Pipeline.makeWatch
  const options = { version: "9.9.9", roles: [], simulated: true, watch, host: "127.0.0.1", port: 0 }
  yield* Layer.build(Server.layer({ ...options, dataDir: Option.some(dataDir) }))
  const queue = yield* OpportunityQueue, nowMs = yield* Clock.currentTimeMillis
  const payload = { opportunity: someOpportunity(), language: "en" }
  const inserted = yield* queue.enqueue(
    [1, 2].map((n) =>
      queueItem({
        chatId: `${n}`,
        payload,
        scheduledAt: nowMs - 3 * minute,
        expiresAt: nowMs + (n === 1 ? -minute : minute),
      })
    ),
    nowMs - 3 * minute,
  )
  const then = { owner: "w", nowMs: nowMs - 2 * minute, leaseMs: minute }
  yield* queue.claim({ ...then, limit: 2 })
  const queueIds = inserted.map(({ queueId }) => queueId)
  yield* queue.markSending({ ...then, queueIds })
  const ends = queueIds.map((queueId) => ({ queueId, settlement: { _tag: "Failed", error: "refused: <b>" } as const }))
  yield* queue.settleAll({ ...then, ends })
  const [expired = 0, alive = 0] = queueIds
  return { expired, alive, environment: { ARBEDGE_DATA_DIR: dataDir } }
})

layer(Layer.merge(NodeServices.layer, world), { timeout: "60 seconds", excludeTestServices: true })(
  "The queue's commands",
  (it) => {
    it.effect("tell figures, list and show dead letters, put them back once and discard them", () =>
      Effect.gen(function* () {
        const { alive, environment, expired } = yield* served
        const run = (...args: ReadonlyArray<string>) => arbedge(args, environment)
        const figures = yield* run("queue", "--json")
        const figure = Schema.decodeSync(Schema.fromJsonString(QueueFigure))(figures.stdout)
        assert.deepInclude(figure, {
          kind: "opportunity",
          type: "cross_exchange",
          failed: 2,
          successRate: 0,
          deadLetters: 2,
        })
        const shown = yield* run("queue")
        assert.match(shown.stdout, /opportunity +broadcast +cross_exchange +telegram +0 +- +0 +2 +0 +0.0% +- +- +2/)

        const list = yield* run("dlq", "list", "--json")
        const letters = list.stdout.split("\n").map((line) =>
          Schema.decodeSync(Schema.fromJsonString(DeadLetter))(line)
        )
        assert.deepStrictEqual(letters.map(({ queueId }) => queueId), [alive, expired])
        assert.match((yield* run("dlq", "list")).stdout, /cross_exchange notify/)
        assert.match((yield* run("dlq", "show", `${alive}`)).stdout, /error +refused: <b>/)

        const requeued = yield* run("dlq", "requeue", `${alive}`, `${expired}`)
        assert.deepStrictEqual([requeued.code, requeued.stdout], [1, `${alive}: requeued\n${expired}: expired`])
        const again = yield* run("dlq", "requeue", `${alive}`)
        assert.strictEqual(again.code, 2)
        const discarded = yield* run("dlq", "discard", `${expired}`, "--json")
        assert.deepStrictEqual([discarded.code, discarded.stdout], [0, `{"queueId":${expired},"end":"discarded"}`])
        assert.strictEqual((yield* run("dlq", "list")).stdout, "no dead letters")
        assert.strictEqual((yield* run("dlq", "show", "999")).code, 2)
      }))

    it.effect("end with 4 where no service runs, and with 2 for what makes no sense", () =>
      Effect.gen(function* () {
        const nowhere = { ARBEDGE_DATA_DIR: "/nonexistent/arbedge" }
        assert.strictEqual((yield* arbedge(["queue"], nowhere)).code, 4)
        assert.strictEqual((yield* arbedge(["dlq", "list"], nowhere)).code, 4)
        assert.strictEqual((yield* arbedge(["queue", "--minutes", "0"], nowhere)).code, 2)
        assert.strictEqual((yield* arbedge(["dlq", "requeue"], nowhere)).code, 2)
      }))
  },
)
