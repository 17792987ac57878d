/** Long polling in several processes: one polls, and when it ends another goes on where it was. */
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Redacted, Scope } from "effect"
import * as Client from "../../../src/layers/telegram/Client.ts"
import { TelegramEmulator } from "../../../src/simulators/telegram/TelegramEmulator.ts"
import { Dispatcher } from "../../../src/surfaces/bot/Dispatcher.ts"
import * as Polling from "../../../src/surfaces/bot/Polling.ts"
import * as Updates from "../../../src/surfaces/bot/Updates.ts"
import { ann, people, unlimited } from "../../simulators/telegram/support.ts"
import { fresh, until, world } from "../../support/actors.ts"

const emulated = TelegramEmulator.layerInProcess(unlimited)

/** A process that polls when it may, and notes what it reacted to. */
const processOf = (owner: string, seen: Array<string>) =>
  Effect.gen(function* () {
    const { fetch, token, url } = yield* TelegramEmulator
    const note = (text: string) => Effect.as(Effect.sync(() => seen.push(`${owner} ${text}`)), "reacted" as const)
    const dispatcher = Layer.succeed(Dispatcher, { handle: ({ message }) => note(message?.text ?? "") })
    const scope = yield* Scope.fork(yield* Effect.scope)
    const services = yield* Polling.layer({ owner, holdSeconds: 50 }).pipe(
      Layer.provideMerge(Updates.layer(owner)),
      Layer.provide(dispatcher),
      Layer.provide(Client.layer({ token: Redacted.make(token), apiRoot: url, fetch })),
      Layer.buildWithScope(scope),
    )
    return { updates: Context.get(services, Updates.Updates), end: Scope.close(scope, Exit.void) }
  })

layer(world, { timeout: "60 seconds" })("Two processes that poll", (it) => {
  it.effect("take turns: nobody is told of another poller, and every update has its effect once", () =>
    Effect.gen(function* () {
      yield* fresh
      const emulator = yield* people
      const seen: Array<string> = []
      const one = yield* processOf("one", seen)
      yield* one.updates.idle
      yield* processOf("two", seen)
      yield* emulator.say(ann, ann, "first")
      yield* emulator.say(ann, ann, "second")
      yield* until(Effect.sync(() => seen.length === 2))
      yield* one.end
      yield* emulator.say(ann, ann, "third")
      yield* until(Effect.sync(() => seen.length === 3))
      assert.deepStrictEqual(seen, ["one first", "one second", "two third"])
      const polls = (yield* emulator.log.calls).filter(({ method }) => method === "getUpdates")
      assert.isNotEmpty(polls)
      assert.isTrue(polls.every(({ outcome }) => outcome.ok))
    }).pipe(Effect.provide(emulated)))
})
