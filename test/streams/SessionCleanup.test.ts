/**
 * Closing sessions past their time: in batches, told as facts, with validation going on beside it.
 *
 * In: many sessions at made-up times. Out: rows, facts, verdicts.
 */
import { assert } from "@effect/vitest"
import { Effect, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import { Dialogues } from "../../src/layers/Dialogues.ts"
import { Outbox } from "../../src/layers/Outbox.ts"
import { Sessions } from "../../src/layers/Sessions.ts"
import { Store } from "../../src/layers/Store.ts"
import { closeExpired } from "../../src/streams/SessionCleanup.ts"
import { day, someUser, t0 } from "../suites/StoreWorld.ts"
import { fresh, overBothStores } from "../support/actors.ts"

const MANY = 1_200

/** Users with a session that ends at t0 + 7 days, in two statements. */
const populate = Effect.gen(function* () {
  const { sql } = yield* Store
  const start = new Date(t0)
  yield* sql`insert into users (user_id, telegram_id, registration_date, last_seen_date, updated_at)
    select 'u' || n, n::text, ${start}, ${start}, ${start} from generate_series(1, ${MANY}::int) n`
  yield* sql`insert into user_sessions (token_hash, user_id, telegram_id, session_state, started_at, last_activity_at,
      expires_at, created_at, updated_at)
    select 'h' || n, 'u' || n, n::text, 'active', ${start}, ${start}, ${start}::timestamptz + interval '7 days', ${start},
      ${start}
    from generate_series(1, ${MANY}::int) n`
})

overBothStores("The cleanup of sessions", (it) => {
  it.effect("closes all past their time by batches, wipes them, tells each, and lets others be judged meanwhile", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* populate
      const sessions = yield* Sessions, dialogues = yield* Dialogues, outbox = yield* Outbox, { sql } = yield* Store
      const { userId } = yield* someUser("999999")
      yield* sessions.start({ userId, telegramId: "999999", nowMs: t0 + 6 * day, ttlMs: 7 * day })
      const asked = { topic: "t", step: "", data: { secret: "half-entered" }, askedAt: t0 }
      const one = Option.getOrThrow(yield* sessions.activate("7"))
      yield* dialogues.set({ session: one, dialogue: Option.some(asked), nowMs: t0 })

      yield* TestClock.setTime(t0 + 7 * day)
      const cleaning = yield* Effect.forkChild(Effect.all([closeExpired, closeExpired], { concurrency: "unbounded" }))
      let judged = 0
      while (cleaning.pollUnsafe() === undefined) {
        const { verdict } = yield* sessions.validateFromRow("999999", t0 + 7 * day)
        assert.strictEqual(verdict, "valid")
        judged++
        // Answers of the embedded store come without a turn of the event loop, and sealing needs one.
        yield* Effect.promise(() => new Promise<void>((done) => setImmediate(done)))
      }
      const closed = yield* Fiber.join(cleaning)
      assert.strictEqual(closed[0] + closed[1], MANY)
      assert.isAtLeast(judged, 3)
      assert.strictEqual(yield* sessions.countActive(t0 + 7 * day), 1)
      assert.deepStrictEqual(
        yield* sql`select 1 from user_sessions where session_state = 'expired' and metadata <> '{}'`,
        [],
      )
      assert.strictEqual(yield* outbox.depth, MANY)
      const told = yield* sql`select count(distinct payload ->> 'session')::int as sessions,
          sum((payload ->> 'commandsUsed')::int)::int as commands from outbox`
      assert.deepStrictEqual(told, [{ sessions: MANY, commands: 0 }])
      assert.strictEqual(yield* closeExpired, 0)
      assert.strictEqual(yield* outbox.depth, MANY)
    }))
})
