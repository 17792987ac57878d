/** Distribution: what waits behind a slow transition is worked off once; who waits for company hears of urgency. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Ref, Schema } from "effect"
import { TestClock } from "effect/testing"
import { CoordinatorClient } from "../../src/actors/Coordinator.ts"
import { UserQueueClient } from "../../src/actors/UserQueue.ts"
import { OpportunityJson } from "../../src/domain/Opportunity.ts"
import { opportunity as subjectOf } from "../../src/domain/Subject.ts"
import { Bus } from "../../src/layers/Bus.ts"
import * as EmbeddedBus from "../../src/layers/embedded/Bus.ts"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { Outbox } from "../../src/layers/Outbox.ts"
import { StreamTime } from "../../src/layers/StreamTime.ts"
import { Audience } from "../../src/streams/Audience.ts"
import { distribute } from "../../src/streams/Distribute.ts"
import { ensureStreams } from "../../src/streams/Topology.ts"
import { admit, minute, queueItem, someOpportunity, t0 } from "../suites/StoreWorld.ts"
import { fresh, until, world } from "../support/actors.ts"

/** Longer than a third of the bus's patience: the fourth of a batch waits for longer than all of it. */
const SLOW = "4 seconds"
const COUNT = 6

const slow = Layer.mock(CoordinatorClient)({
  handle: () => Effect.as(Effect.sleep(SLOW), { action: "none", reason: "unchanged" }),
})
const surroundings = Layer.mergeAll(
  slow,
  Layer.mock(Audience)({}),
  Layer.mock(UserQueueClient)({}),
  Layer.succeed(StreamTime, StreamTime.ignored),
  Layer.effectDiscard(ensureStreams).pipe(Layer.provideMerge(EmbeddedBus.layer())),
)

const encode = Schema.encodeSync(OpportunityJson)

layer(Layer.provideMerge(surroundings, world), { timeout: "60 seconds" })("Distribution", (it) => {
  it.effect("works off once what waits for long behind slow transitions", () =>
    Effect.gen(function* () {
      yield* fresh
      const bus = yield* Bus, outbox = yield* Outbox
      const transitions = Array.from({ length: COUNT }, (_, n) => someOpportunity({ revision: n + 1, at: t0 + n }))
      yield* bus.publishAll(transitions.map((one) => ({
        subject: subjectOf(one),
        data: new TextEncoder().encode(encode(one)),
      })))
      const progress = yield* Ref.make(0)
      // Of two processes the idle one would be given what the busy one holds for too long.
      const idle = yield* Ref.make(0)
      yield* Effect.forkScoped(distribute({ progress }))
      yield* until(
        Effect.map(bus.survey, (all) => all.find(({ name }) => name === "OPP")?.readers[0]?.unanswered === COUNT),
      )
      yield* Effect.forkScoped(distribute({ progress: idle }))
      const isDone = Effect.map(Ref.get(progress), (sequence) => sequence === COUNT)
      yield* until(Effect.andThen(TestClock.adjust("1 second"), isDone))
      // Whatever came again would be worked off by now.
      for (let second = 0; second < 15; second++) yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* outbox.depth, COUNT)
      assert.strictEqual(yield* Ref.get(idle), 0)
      const reader = (yield* bus.survey).find(({ name }) => name === "OPP")?.readers[0]
      assert.deepStrictEqual([reader?.pending, reader?.unanswered], [0, 0])
    }))

  it.effect("has whoever waits for company decided on again once the opportunity is more urgent", () =>
    Effect.gen(function* () {
      yield* fresh
      const bus = yield* Bus, queue = yield* OpportunityQueue
      const better = someOpportunity({ revision: 2, state: "improved", priority: "critical" })
      const [row] = yield* queue.enqueue([
        queueItem({ opportunityId: better.id, priority: "high", scheduledAt: null, expiresAt: t0 + minute }),
      ], t0)
      const queueId = row?.queueId ?? 0
      yield* admit([{ queueId, dueAtMs: t0 + 5_000, batchId: queueId }])
      const woken: Array<string> = []
      const waking = Layer.mergeAll(
        Layer.mock(CoordinatorClient)({ handle: () => Effect.succeed({ action: "edit", reason: "improved" }) }),
        Layer.mock(UserQueueClient)({
          wake: (userId) => Effect.sync(() => void woken.push(userId)).pipe(Effect.as({ admitted: 1, refused: 0 })),
        }),
      )
      const data = new TextEncoder().encode(encode(better))
      yield* bus.publishAll([{ subject: subjectOf(better), data }])
      const progress = yield* Ref.make(0)
      yield* Effect.forkScoped(Effect.provide(distribute({ progress }), waking))
      yield* until(Effect.sync(() => woken.length > 0))
      assert.deepStrictEqual(woken, ["user-1"])
      const [waits] = yield* queue.undecided(["user-1"], 1)
      assert.deepStrictEqual([waits?.queueId, waits?.priority, waits?.batchId], [queueId, "critical", null])
    }))
})
