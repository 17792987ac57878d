/**
 * The bus and the store restarted under a working service: it lives, goes on within ten seconds, and loses nothing owed.
 *
 * Promises: both servers are the test's own, and end with it.
 */
import { assert, it } from "@effect/vitest"
import { Clock, type Duration, Effect, Redacted } from "effect"
import { describeWith } from "../support/available.ts"
import { eventually } from "../support/eventually.ts"
import { natsServer, ownNatsServer } from "../support/natsServer.ts"
import { ownPostgres, postgresPrograms } from "../support/postgresServer.ts"
import type { Pulses } from "../support/pulses.ts"
import { CHATS, type Service, serviceOn, settled, telegram } from "../support/service.ts"

/** Somebody is told something every two seconds. */
const pulses: Pulses = { assets: ["BTC", "ETH", "SOL"], perAsset: 3, everyMs: 12_000, openMs: 10_000 }
const DOWN: Duration.Input = "2 seconds"
const RESUMED_WITHIN = "10 seconds"

const calls = (service: Service) => Effect.map(service.emulator.log.calls, (all) => all.length)

/** Something more is told than before. */
const goesOn = (service: Service) =>
  Effect.gen(function* () {
    const before = yield* calls(service)
    const beganMs = yield* Clock.currentTimeMillis
    yield* eventually(calls(service), (now) => now > before, RESUMED_WITHIN)
    return (yield* Clock.currentTimeMillis) - beganMs
  })

describeWith([natsServer, postgresPrograms], "A service whose servers are restarted", () => {
  it.live("lives, goes on within ten seconds of each, and loses nothing owed", () =>
    Effect.gen(function* () {
      const nats = yield* ownNatsServer()
      const postgres = yield* ownPostgres
      const service = yield* serviceOn(
        { natsUrl: nats.url, postgresUrl: Redacted.make(postgres.url), prefix: "" },
        pulses,
      )
      const running = yield* service.start("detect,distribute,deliver,jobs")
      const feeder = yield* service.feed("1")
      yield* eventually(calls(service), (count) => count > 0, "20 seconds")

      yield* nats.kill
      yield* Effect.sleep(DOWN)
      yield* nats.start
      const afterNatsMs = yield* goesOn(service)

      yield* postgres.crash
      yield* Effect.sleep(DOWN)
      yield* postgres.start
      const afterPostgresMs = yield* goesOn(service)

      const fed = yield* feeder.ended
      assert.strictEqual(fed.code, 0, fed.stderr)
      const { repeated, sent, unclosed } = yield* settled(service, pulses).pipe(
        Effect.tapDefect(() => Effect.logError(running.stderr())),
      )
      assert.isTrue(running.isRunning(), running.stderr())
      // Requests on their way as the store went away.
      assert.isAtMost(repeated, CHATS.length)
      assert.isAtMost(unclosed, repeated)
      yield* Effect.logInfo(
        `told again ${afterNatsMs} ms after NATS was back, ${afterPostgresMs} ms after Postgres; ` +
          `${sent} messages owed and sent, ${repeated} twice`,
      )
    }).pipe(Effect.provide(telegram)), 240_000)
})
