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
import type { Pulses } from "../support/pulses.ts"
import { CHATS, serviceOn, settled, telegram } from "../support/service.ts"

const KILLS = Number(process.env["ARBEDGE_CHAOS_KILLS"] ?? "5")
/** From a start to the next kill, ms; after the first half of it something has surely begun. */
const LEAST_LIFE_MS = 2_000
const LONGEST_LIFE_MS = 6_000
const ROLES = "detect,distribute,deliver"

/** As many as fit into the time that the kills take. */
const pulsesFor = (kills: number): Pulses => {
  const everyMs = 12_000, killingMs = kills * (LEAST_LIFE_MS + LONGEST_LIFE_MS) / 2
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
          yield* Effect.sleep(Duration.millis(yield* Random.nextIntBetween(LEAST_LIFE_MS, LONGEST_LIFE_MS)))
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
    90_000 + KILLS * LONGEST_LIFE_MS,
  )
})
