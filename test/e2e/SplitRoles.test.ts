/**
 * Roles in processes of their own: what one finds, another distributes and a third delivers, all in the recording's time
 * though only the first reads frames.
 */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { randomBytes } from "node:crypto"
import { ownDatabase } from "../layers/postgres/ownDatabase.ts"
import { describeWith, nats, postgres } from "../support/available.ts"
import type { Pulses } from "../support/pulses.ts"
import { CHATS, serviceOn, settled, telegram } from "../support/service.ts"

const pulses: Pulses = { assets: ["BTC"], perAsset: 2, everyMs: 6_000, openMs: 4_000 }

describeWith([nats, postgres], "Three processes with a role each", () => {
  it.live("tell everybody of everything once, and close it", () =>
    Effect.gen(function* () {
      const where = {
        natsUrl: nats.url,
        postgresUrl: yield* ownDatabase,
        prefix: `split_${randomBytes(6).toString("hex")}`,
      }
      const service = yield* serviceOn(where, pulses)
      const running = yield* Effect.forEach(["detect", "distribute", "deliver"], service.start)
      const fed = yield* Effect.flatMap(service.feed("1"), ({ ended }) => ended)
      assert.strictEqual(fed.code, 0, fed.stderr)
      const trial = yield* settled(service, pulses).pipe(
        Effect.tapDefect(() => Effect.logError(running.map(({ stderr }) => stderr()).join("\n"))),
      )
      assert.deepStrictEqual(trial, { sent: 2 * CHATS.length, repeated: 0, unclosed: 0 })
    }).pipe(Effect.provide(telegram)), 120_000)
})
