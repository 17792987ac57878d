/**
 * The service killed again and again while it works: detection, distribution and delivery in one process over NATS and
 * Postgres, fed by another.
 *
 * In: ARBEDGE_CHAOS_KILLS, how often (5). Promises: what is killed, and the feeder, are processes of the test's own;
 * database and streams are too.
 */
import { assert, it } from "@effect/vitest"
import { Duration, Effect, Random } from "effect"
import { randomBytes } from "node:crypto"
import process from "node:process"
import { ownDatabase } from "../layers/postgres/ownDatabase.ts"
import { describeWith, nats, postgres } from "../support/available.ts"
import { eventually } from "../support/eventually.ts"
import type { Pulses } from "../support/pulses.ts"
import { CHATS, serviceOn, settled, telegram } from "../support/service.ts"

const KILLS = Number(process.env["ARBEDGE_CHAOS_KILLS"] ?? "5")
/**
 * From the moment a service has taken up the analysis to its kill, ms. Counted from its start, a slow machine would kill
 * each before it does anything, until what it owes has expired.
 */
const LONGEST_LIFE_MS = 4_000
/** As the log says it. */
const BEGUN = "analyses 16 of 16 shards"
const ROLES = "detect,distribute,deliver"

/** As many as fit into the time that the kills take. */
const pulsesFor = (kills: number): Pulses => {
  const everyMs = 12_000, killingMs = kills * LONGEST_LIFE_MS
  return {
    assets: ["BTC", "ETH", "SOL"],
    perAsset: Math.max(1, Math.ceil(killingMs / everyMs)),
    everyMs,
    openMs: 10_000,
  }
}

describeWith([nats, postgres], "A service killed at random moments", () => {
  it.live(
    `loses nothing owed and repeats at most what was leaving, over ${KILLS} kills`,
    () =>
      Effect.gen(function* () {
        const pulses = pulsesFor(KILLS)
        const where = {
          natsUrl: nats.url,
          postgresUrl: yield* ownDatabase,
          prefix: `chaos_${randomBytes(6).toString("hex")}`,
        }
        const service = yield* serviceOn(where, pulses)
        const feeder = yield* service.feed("1")
        let running = yield* service.start(ROLES)
        for (let kill = 0; kill < KILLS; kill++) {
          yield* eventually(Effect.sync(() => running.stderr()), (said) => said.includes(BEGUN), "60 seconds")
          yield* Effect.sleep(Duration.millis(yield* Random.nextIntBetween(0, LONGEST_LIFE_MS)))
          assert.isTrue(running.isRunning(), running.stderr())
          yield* running.kill
          running = yield* service.start(ROLES)
        }
        const fed = yield* feeder.ended
        assert.strictEqual(fed.code, 0, fed.stderr)
        const { repeated, sent, unclosed } = yield* settled(service, pulses).pipe(
          Effect.tapDefect(() => Effect.logError(running.stderr())),
        )
        // A chat has at most one request on its way: the limiter lets one through a second.
        assert.isAtMost(repeated, KILLS * CHATS.length)
        assert.isAtMost(unclosed, repeated)
        yield* Effect.logInfo(
          `${KILLS} kills: ${sent} messages owed and sent, ${repeated} of them twice, ${unclosed} left unclosed`,
        )
      }).pipe(Effect.provide(telegram)),
    120_000 + KILLS * 15_000,
  )
})
