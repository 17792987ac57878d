/**
 * One cluster whose processes have different roles: feeds live where they are ingested, people are served elsewhere, and
 * when the ingest is killed another that has joined takes its venues over.
 *
 * Promises: processes, database and streams are the test's own.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Ref, Stream } from "effect"
import { randomBytes } from "node:crypto"
import { Bus } from "../../src/layers/Bus.ts"
import { ownDatabase } from "../layers/postgres/ownDatabase.ts"
import { arbedge } from "../support/arbedge.ts"
import { describeWith, nats, postgres } from "../support/available.ts"
import { eventually } from "../support/eventually.ts"
import { freePort } from "../support/freePort.ts"
import { followStored, type Stored } from "../support/marketData.ts"
import { serviceOn, telegram } from "../support/service.ts"

const VENUES = ["binance", "bybit", "coinbase", "kraken", "okx"]
const decoder = new TextDecoder()

const areFed = ({ writerOf }: Stored) => VENUES.every((venue) => writerOf.has(venue))

describeWith([nats, postgres], "A cluster of uneven roles", () => {
  it.live(
    "tells people of what another process ingests, and hands the feeds over when that one is killed",
    () =>
      Effect.gen(function* () {
        const where = {
          natsUrl: nats.url,
          postgresUrl: yield* ownDatabase,
          prefix: `chaos_${randomBytes(6).toString("hex")}`,
        }
        const none = { assets: [], perAsset: 0, everyMs: 1, openMs: 1 }
        const { bus, emulator, environment } = yield* serviceOn(where, none)
        const member = Effect.fnUntraced(function* (roles: string, ...more: ReadonlyArray<string>) {
          const port = String(yield* freePort)
          return yield* arbedge(["run", "--roles", roles, ...more], { ...environment, ARBEDGE_CLUSTER_PORT: port })
        })
        const look = yield* followStored(bus)
        const sent = Effect.map(
          emulator.log.calls,
          (calls) => calls.filter(({ method, outcome }) => method === "sendMessage" && outcome.ok).length,
        )
        const announced = yield* Ref.make<ReadonlySet<string>>(new Set())
        yield* Effect.flatMap(Bus, ({ subscribeLive }) =>
          subscribeLive("md.v1.*.*.*.gap", 1_024).pipe(
            Stream.runForEach(({ data, subject }) =>
              decoder.decode(data).includes("owner_lost")
                ? Ref.update(announced, (before) => new Set([...before, subject.split(".")[2] ?? ""]))
                : Effect.void
            ),
          )).pipe(Effect.provide(bus), Effect.forkScoped)

        const first = yield* member("ingest,detect", "--simulate")
        const people = yield* member("distribute,deliver,bot,jobs")
        const alone = yield* eventually(look, areFed, "40 seconds")
        assert.strictEqual(new Set(alone.writerOf.values()).size, 1)
        yield* eventually(sent, (count) => count > 0, "60 seconds")
        assert.deepStrictEqual(alone.gaps, [])

        const second = yield* member("ingest,detect", "--simulate")
        yield* eventually(Effect.sync(second.stderr), (log) => log.includes("running ingest"), "30 seconds")
        const [writer] = alone.writerOf.values()
        yield* first.kill
        const orphans = [...(yield* look).writerOf].flatMap(([venue, fedBy]) => fedBy === writer ? [venue] : [])
        yield* Ref.set(announced, new Set())
        // Its leases and its part of the cluster have to run out first: 12 seconds each.
        const after = yield* eventually(
          look,
          ({ writerOf }) => VENUES.every((venue) => writerOf.get(venue) !== writer),
          "60 seconds",
        )
        const heir = after.writerOf.get("binance")
        assert.deepStrictEqual([...new Set(after.writerOf.values())], [heir])
        for (const venue of orphans) assert.isTrue(after.gaps.includes(`${venue} owner_lost ${heir}`), venue)
        yield* eventually(Ref.get(announced), (venues) => orphans.every((venue) => venues.has(venue)), "10 seconds")
        const before = yield* sent
        yield* eventually(sent, (count) => count > before, "60 seconds")
        assert.isTrue(people.isRunning(), people.stderr())
        assert.isTrue(second.isRunning(), second.stderr())
      }).pipe(Effect.provide(telegram)),
    240_000,
  )
})
