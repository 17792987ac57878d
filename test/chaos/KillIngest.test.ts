/**
 * A killed ingest: another takes its venues over, and says first of all that something may be missing.
 *
 * Promises: processes, database and streams are the test's own.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Ref, Stream } from "effect"
import { randomBytes } from "node:crypto"
import * as Frame from "../../src/domain/Frame.ts"
import { Bus } from "../../src/layers/Bus.ts"
import { MARKET_DATA } from "../../src/streams/Topology.ts"
import { ownDatabase } from "../layers/postgres/ownDatabase.ts"
import { arbedge } from "../support/arbedge.ts"
import { describeWith, nats, postgres } from "../support/available.ts"
import { eventually } from "../support/eventually.ts"
import { serviceOn, telegram } from "../support/service.ts"

const VENUES = ["binance", "bybit", "coinbase", "kraken", "okx"]

const decoder = new TextDecoder()

/** "venue reason" of every gap in the frames so far, and the venues that have ticks. */
const seen = Effect.gen(function* () {
  const bus = yield* Bus
  // Before the first ingest has begun there is no stream.
  const { lastSequence } = yield* Effect.orElseSucceed(bus.streamState(MARKET_DATA.name), () => ({ lastSequence: 0 }))
  const gaps = new Set<string>(), venues = new Set<string>(), writers = new Set<string>()
  if (lastSequence === 0) return { gaps, venues, writers }
  yield* bus.consume({ stream: MARKET_DATA.name, subjects: [], start: { _tag: "First" }, capacity: 1_024 }).pipe(
    Stream.flattenIterable,
    Stream.takeUntil(({ sequence }) => sequence >= lastSequence),
    Stream.runForEach(({ data }) =>
      Effect.sync(() => {
        const frames = Frame.decode(data)
        if ("_tag" in frames) return
        for (const frame of frames) {
          writers.add(frame.w)
          const ticks = Frame.ticks(frame)
          if ("_tag" in ticks) continue
          for (const { tick } of ticks) {
            if (tick.kind === "gap") gaps.add(`${tick.venue} ${tick.reason}`)
            else venues.add(tick.venue)
          }
        }
      })
    ),
  )
  return { gaps, venues, writers }
})

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
      const look = Effect.provide(seen, bus)
      const first = yield* ingest
      const before = yield* eventually(look, ({ venues }) => VENUES.every((venue) => venues.has(venue)), "30 seconds")
      assert.deepStrictEqual([...before.gaps], [])
      yield* first.kill
      yield* ingest
      // The dead owner's leases have to run out first: 12 seconds.
      const after = yield* eventually(
        look,
        ({ gaps }) => VENUES.every((venue) => gaps.has(`${venue} owner_lost`)),
        "40 seconds",
      )
      yield* eventually(Ref.get(announced), (venues) => VENUES.every((venue) => venues.includes(venue)), "10 seconds")
      assert.isAbove(after.writers.size, before.writers.size)
    }).pipe(Effect.provide(telegram)), 120_000)
})
