/**
 * A killed ingest: another takes its venues over, and says first of all that something may be missing.
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
import { followStored } from "../support/marketData.ts"
import { serviceOn, telegram } from "../support/service.ts"

const VENUES = ["binance", "bybit", "coinbase", "kraken", "okx"]

const decoder = new TextDecoder()

describeWith([nats, postgres], "A killed ingest", () => {
  it.live("is followed by another, which announces a gap on each venue before its data", () =>
    Effect.gen(function* () {
      const where = {
        natsUrl: nats.url,
        postgresUrl: yield* ownDatabase,
        prefix: `chaos_${randomBytes(6).toString("hex")}`,
      }
      const none = { assets: [], perAsset: 0, everyMs: 1, openMs: 1 }
      const { bus, environment } = yield* serviceOn(where, none)
      const announced = yield* Ref.make<ReadonlyArray<string>>([])
      yield* Effect.flatMap(Bus, ({ subscribeLive }) =>
        subscribeLive("md.v1.*.*.*.gap", 1_024).pipe(
          Stream.runForEach(({ data, subject }) =>
            decoder.decode(data).includes("owner_lost")
              ? Ref.update(announced, (before) => [...before, subject.split(".")[2] ?? ""])
              : Effect.void
          ),
        )).pipe(Effect.provide(bus), Effect.forkScoped)
      const ingest = arbedge(["run", "--roles", "ingest", "--simulate"], environment)
      const look = yield* followStored(bus)
      const first = yield* ingest
      const before = yield* eventually(
        look,
        ({ writerOf }) => VENUES.every((venue) => writerOf.has(venue)),
        "30 seconds",
      )
      assert.deepStrictEqual(before.gaps, [])
      yield* first.kill
      yield* ingest
      // The dead owner's leases have to run out first: 12 seconds.
      yield* eventually(
        look,
        ({ gaps }) => VENUES.every((venue) => gaps.some((gap) => gap.startsWith(`${venue} owner_lost `))),
        "40 seconds",
      )
      yield* eventually(Ref.get(announced), (venues) => VENUES.every((venue) => venues.includes(venue)), "10 seconds")
      yield* eventually(
        look,
        ({ writerOf }) => VENUES.every((venue) => writerOf.get(venue) !== before.writerOf.get(venue)),
        "10 seconds",
      )
    }).pipe(Effect.provide(telegram)), 120_000)
})
