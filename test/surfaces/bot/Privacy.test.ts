/** /export and /forget: all that is held of somebody, given as a file, and gone from every table and every published fact. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Ref } from "effect"
import { Notifier } from "../../../src/layers/Notifier.ts"
import { Opportunities } from "../../../src/layers/Opportunities.ts"
import { OpportunityQueue } from "../../../src/layers/OpportunityQueue.ts"
import { Outbox } from "../../../src/layers/Outbox.ts"
import { Persons } from "../../../src/layers/Persons.ts"
import * as TelegramNotifier from "../../../src/layers/telegram/Notifier.ts"
import { Users } from "../../../src/layers/Users.ts"
import { card } from "../../domain/card/someCard.ts"
import { queueItem, t0 } from "../../suites/StoreWorld.ts"
import { everything } from "../../suites/StorePrivacy.ts"
import { fresh, world } from "../../support/actors.ts"
import { type Conversation, conversation, polled, surroundings } from "./running.ts"

/** Whom nothing else in the store could be taken for. */
const zoe = { id: 770077007, firstName: "Zoë-Unmistakable", username: "zoe_unmistakable", languageCode: "en" }

const life = <E, R>(body: (conversation: Conversation) => Effect.Effect<void, E, R>) =>
  Effect.andThen(
    fresh,
    Effect.flatMap(conversation, body).pipe(
      Effect.provide(TelegramNotifier.layer),
      Effect.provide(Layer.provideMerge(polled, surroundings())),
    ),
  )

/** What the relay would have published by now, each fact as text. */
const published = Effect.gen(function* () {
  const outbox = yield* Outbox
  const texts = yield* Ref.make<ReadonlyArray<string>>([])
  yield* outbox.relayBatch({
    limit: 1_000,
    nowMs: t0,
    publish: (facts) => Ref.update(texts, (all) => [...all, ...facts.map((fact) => JSON.stringify(fact))]),
  })
  return yield* Ref.get(texts)
})

/** Zoë uses what leaves traces: a session, settings, a card and its buttons, a row of the queue. */
const lived = ({ emulator, say, tap }: Conversation) =>
  Effect.gen(function* () {
    yield* emulator.addPrivateChat(zoe)
    yield* say(zoe.id, "/start")
    const user = Option.getOrThrow(yield* Effect.flatMap(Users, (users) => users.byTelegramId(`${zoe.id}`)))
    const opportunity = card({ expiresAt: t0 + 3_600_000 })
    yield* Effect.flatMap(Opportunities, (store) => store.upsert(opportunity, t0))
    yield* Effect.flatMap(Notifier, (notifier) =>
      notifier.send({ chatId: `${zoe.id}`, opportunity, language: "en", nowMs: t0 }))
    yield* tap(zoe.id, "Details")
    yield* tap(zoe.id, "Mute pair")
    const queue = yield* OpportunityQueue
    yield* queue.enqueue([queueItem({ userId: user.userId, chatId: `${zoe.id}` })], t0)
    return user
  })

layer(world, { timeout: "60 seconds" })("What the bot holds of somebody", (it) => {
  it.effect("is given to them whole as a file, without secrets", () =>
    life((talk) =>
      Effect.gen(function* () {
        yield* lived(talk)
        yield* talk.say(zoe.id, "/export")
        const message = (yield* Effect.orDie(talk.emulator.chat(zoe.id))).messages.findLast(({ fromBot }) => fromBot)
        assert.match(message?.text ?? "", /^📦 Everything I hold of you: \d+ rows of \d+ tables/)
        assert.strictEqual(message?.document?.fileName, "arbedge-export-2025-06-15.json")
        const content = message?.document?.content ?? ""
        for (const held of [zoe.firstName, `${zoe.id}`, "muted_pairs", "BTC/USDT", "user_sessions"]) {
          assert.include(content, held)
        }
        for (const secret of ["token_hash", "data_key", "sealed"]) assert.notInclude(content, secret)
      })
    ))

  it.effect("is kept when they think better of it", () =>
    life((talk) =>
      Effect.gen(function* () {
        yield* lived(talk)
        assert.include(yield* talk.say(zoe.id, "/forget"), "Erase everything I hold of you?")
        assert.strictEqual(yield* talk.tap(zoe.id, "No, keep it"), "Nothing was erased.")
        assert.include(yield* talk.say(zoe.id, "/session"), "Session active")
      })
    ))

  it.effect("is in no table and in no published fact once they asked to be forgotten, and they are a stranger", () =>
    life((talk) =>
      Effect.gen(function* () {
        const user = yield* lived(talk)
        const marks = [`${zoe.id}`, zoe.firstName, zoe.username, user.userId]
        assert.isTrue((yield* everything).some((row) => row.includes(zoe.firstName)))
        yield* talk.say(zoe.id, "/forget")
        assert.strictEqual(yield* talk.tap(zoe.id, "🗑 Yes, erase everything"), "Everything is erased.")
        yield* talk.settled
        assert.include((yield* talk.messages(zoe.id)).at(-1), "Everything I held of you is erased")
        const facts = yield* published
        assert.isTrue(facts.some((fact) => fact.includes("evt.v1.session.started")))
        for (const text of [...(yield* everything), ...facts]) {
          for (const mark of marks) assert.notInclude(text, mark)
        }
        const person = { userId: user.userId, chatId: `${zoe.id}` }
        assert.deepStrictEqual(yield* Effect.flatMap(Persons, (persons) => persons.seal([person])), [
          { alias: "", sealed: null },
        ])
        assert.match(yield* talk.say(zoe.id, "/session"), /^🔑 You have no session yet/)
        assert.match(yield* talk.say(zoe.id, "/start"), /Welcome to ArbEdge, Zoë-Unmistakable!/)
      })
    ))

  it.effect("leaves no button behind that would erase whoever they are later", () =>
    life((talk) =>
      Effect.gen(function* () {
        yield* lived(talk)
        yield* talk.say(zoe.id, "/forget")
        yield* talk.tap(zoe.id, "🗑 Yes, erase everything")
        yield* talk.settled
        yield* talk.say(zoe.id, "/start")
        const holder = (yield* Effect.orDie(talk.emulator.chat(zoe.id))).messages.find(({ text }) =>
          text.includes("Erase everything I hold")
        )
        assert.deepStrictEqual(holder?.buttons, [])
        assert.match(yield* talk.say(zoe.id, "/session"), /^✅ Session active/)
      })
    ))
})
