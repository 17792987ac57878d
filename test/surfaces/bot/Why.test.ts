/** /why and the button of the same name: the trace as people read it, for what was sent and for what was not. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { DEFAULT_PREFERENCES, type Preferences } from "../../../src/domain/Preferences.ts"
import { Opportunities } from "../../../src/layers/Opportunities.ts"
import { OpportunityQueue } from "../../../src/layers/OpportunityQueue.ts"
import { Standings } from "../../../src/layers/Standings.ts"
import { UserSchedule } from "../../../src/layers/UserSchedule.ts"
import { Users } from "../../../src/layers/Users.ts"
import { card } from "../../domain/card/someCard.ts"
import { ann } from "../../simulators/telegram/support.ts"
import { queueItem, t0 } from "../../suites/StoreWorld.ts"
import { fresh, world } from "../../support/actors.ts"
import { conversation, polled, surroundings } from "./running.ts"

const id = "0123456789abcdef0123456789abcdef"
const running = Layer.provideMerge(polled, surroundings())

const annsId = Users.use((users) => Effect.map(users.byTelegramId(`${ann}`), (user) => Option.getOrThrow(user).userId))
const prefer = (changes: Partial<Preferences>) =>
  Effect.gen(function* () {
    const users = yield* Users
    yield* users.setPreferences(
      yield* annsId,
      { ...DEFAULT_PREFERENCES, activeHoursStart: 0, activeHoursEnd: 0, ...changes },
      t0,
    )
  })
const opened = Opportunities.use((store) => store.upsert(card({ expiresAt: t0 + 30_000 }), t0))

layer(world, { timeout: "60 seconds" })("/why", (it) => {
  it.effect("shows every layer with the values compared, and says what it would take", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const { say } = yield* conversation
        yield* say(ann, "/start")
        yield* opened
        yield* prefer({ minNetBps: 20, mutedPairs: ["ETH/USDT"] })
        const trace = yield* say(ann, "/why 01234567")
        assert.match(
          trace,
          /^Why BTC \(cross-exchange\)\?\nThen: it was never queued for you\.\nNow: it would not be sent: it is under your minimum\./,
        )
        assert.match(trace, /✅ 1 Session\n• session until 2025-06-22 15:06 \(UTC\)/)
        assert.match(trace, /• cross-exchange; your plan \(free\) includes cross-exchange, technical/)
        assert.match(trace, /❌ 3 What you want, and when\n/)
        assert.match(trace, /❌ net 15\.7757 bps; your minimum 20/)
        assert.match(trace, /• pairs BTC, BTC\/USDT; you muted: ETH\/USDT/)
        assert.match(trace, /• 0 sent and 0 viewed this hour; yours 3, the plan's 5/)
        assert.match(trace, /• mode paper: venues kraken, okx; keys: all, \(paper\)/)
        assert.match(trace, /• your country: unknown; of kraken, okx closed there: none/)
        assert.match(yield* say(ann, "/why"), /^🔎 Say which one/)
        assert.match(yield* say(ann, "/why ffffff"), /^🤔 No opportunity begins with ffffff/)
      }).pipe(Effect.provide(running))
    }))

  it.effect("says in Russian why a row was refused then, and what holds now", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const { say } = yield* conversation
        yield* say(ann, "/start")
        yield* opened
        yield* prefer({ language: "ru", timeZone: "Europe/Moscow" })
        const userId = yield* annsId, queue = yield* OpportunityQueue, schedule = yield* UserSchedule
        const [row] = yield* queue.enqueue([
          queueItem({ opportunityId: id, userId, chatId: `${ann}`, scheduledAt: null }),
        ], t0)
        yield* schedule.decide([{ _tag: "Refuse", queueId: row?.queueId ?? 0, reason: "hour_limit" }], t0)
        yield* Standings.use((standings) =>
          standings.restrict({ userId, reason: "<b>спор</b>", untilMs: null, by: "root", nowMs: t0 })
        )
        const trace = yield* say(ann, `/why ${id}`)
        assert.match(
          trace,
          /^Почему BTC \(межбиржевой\)\?\nТогда \(2025-06-15 18:06 \(Europe\/Moscow\)\): не отправлена: лимит этого часа исчерпан\./,
        )
        assert.match(trace, /Сейчас: её бы не отправили: ваш аккаунт ограничен\./)
        assert.match(trace, /✅ 5 Ключи и риск/)
        assert.match(trace, /❌ ограничение: <b>спор<\/b>, до неизвестно/)
      }).pipe(Effect.provide(running))
    }))

  it.effect("does not hold against what was sent that it was sent", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const { say } = yield* conversation
        yield* say(ann, "/start")
        yield* opened
        yield* prefer({ maxPerHour: 1 })
        const queue = yield* OpportunityQueue
        const item = queueItem({
          opportunityId: id,
          userId: yield* annsId,
          chatId: `${ann}`,
          payload: { opportunity: card({}), language: "en" },
        })
        yield* queue.enqueue([item], t0)
        assert.match(
          yield* say(ann, `/why ${id}`),
          /Then: it waits to be sent, since .*\nNow: it would be sent to you\./,
        )
      }).pipe(Effect.provide(running))
    }))
})
