/**
 * Frames from another process, worked on by services. Roles in processes of their own: what one finds, another
 * distributes and a third delivers, all in the recording's time though only the first reads frames. And what is over
 * within a tenth of a second is owed like anything else.
 */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { randomBytes } from "node:crypto"
import { ownDatabase } from "../layers/postgres/ownDatabase.ts"
import { describeWith, nats, postgres } from "../support/available.ts"
import type { Pulses } from "../support/pulses.ts"
import { CHATS, serviceOn, settled, telegram } from "../support/service.ts"

const trialOf = (processes: ReadonlyArray<string>, pulses: Pulses) =>
  Effect.gen(function* () {
    const where = {
      natsUrl: nats.url,
      postgresUrl: yield* ownDatabase,
      prefix: `roles_${randomBytes(6).toString("hex")}`,
    }
    const service = yield* serviceOn(where, pulses)
    const running = yield* Effect.forEach(processes, (roles) => service.start(roles))
    const fed = yield* Effect.flatMap(service.feed("1"), ({ ended }) => ended)
    assert.strictEqual(fed.code, 0, fed.stderr)
    return yield* settled(service, pulses).pipe(
      Effect.tapDefect(() => Effect.logError(running.map(({ stderr }) => stderr()).join("\n"))),
    )
  }).pipe(Effect.provide(telegram))

describeWith([nats, postgres], "Frames from another process", () => {
  it.live("reach everybody once through three processes with a role each", () =>
    Effect.gen(function* () {
      const pulses = { assets: ["BTC"], perAsset: 2, everyMs: 6_000, openMs: 4_000 }
      const trial = yield* trialOf(["detect", "distribute", "deliver"], pulses)
      assert.deepStrictEqual(trial, { sent: 2 * CHATS.length, repeated: 0, unclosed: 0 })
    }), 120_000)

  it.live("are told of and closed even where they hold for a tenth of a second", () =>
    Effect.gen(function* () {
      const pulses = { assets: ["BTC"], perAsset: 3, everyMs: 3_000, openMs: 100 }
      const trial = yield* trialOf(["detect,distribute,deliver"], pulses)
      assert.deepStrictEqual(trial, { sent: 3 * CHATS.length, repeated: 0, unclosed: 0 })
    }), 120_000)
})
