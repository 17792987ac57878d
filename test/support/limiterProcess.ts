/**
 * One of several processes with a limiter each over one Postgres: asks as fast as it can, and tells what it was granted.
 *
 * In: arguments `url wallOffsetMs steps seed`. Out: on stdout "ready", and after a line on stdin one JSON array of grants,
 * `[chat, asked, answered]` in the machine's own time. Its limiter's wall clock is off by the offset, and is set back and
 * forth by an hour on the way; half way through its limiter is built anew.
 */
import "../../src/layers/denoFibers.ts"
import { Clock, Context, Effect, Exit, Layer, Redacted, Scope } from "effect"
import process from "node:process"
import { createInterface } from "node:readline"
import { behaviour, RateLimiterClient } from "../../src/actors/RateLimiter.ts"
import * as Cluster from "../../src/layers/cluster/Cluster.ts"
import * as DerivedClock from "../../src/layers/clock/DerivedClock.ts"
import * as Postgres from "../../src/layers/postgres/Postgres.ts"
import * as RateLimitsSql from "../../src/layers/sql/RateLimitsSql.ts"

const [url = "", offset = "0", count = "0", seed = "1"] = process.argv.slice(2)
const steps = Number(count)
let wallOffsetMs = Number(offset)
let state = Number(seed)

const below = (limit: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor(state / 2 ** 32 * limit)
}

/** The same in all processes of this machine. */
const trueMs = (): number => performance.timeOrigin + performance.now()

const real = Clock.Clock.defaultValue()
const clock = DerivedClock.make({
  millis: () => Math.floor(trueMs()) + wallOffsetMs,
  monotonicNanos: () => real.monotonicTimeNanosUnsafe(),
  sleep: (duration) => real.sleep(duration),
})

const limiter = Layer.merge(behaviour(), RateLimiterClient.layer).pipe(
  Layer.provideMerge(Cluster.layerOneProcess({})),
  Layer.provide(RateLimitsSql.layer),
)

const began = Effect.gen(function* () {
  const scope = yield* Scope.make()
  const built = yield* Scope.provide(Layer.build(limiter), scope)
  return { client: Context.get(built, RateLimiterClient), end: Scope.close(scope, Exit.void) }
})

const work = Effect.gen(function* () {
  let one = yield* began
  yield* one.client.acquire({ chatId: "warm", isGroup: false })
  process.stdout.write("ready\n")
  yield* Effect.promise(() =>
    new Promise<void>((resolve) => createInterface({ input: process.stdin }).once("line", () => resolve()))
  )
  const grants: Array<readonly [string, number, number]> = []
  for (let step = 0; step < steps; step++) {
    if (step % 97 === 50) wallOffsetMs += below(2) === 0 ? 3_600_000 : -3_600_000
    if (step === Math.floor(steps / 2)) {
      yield* one.end
      one = yield* began
    }
    const chat = below(60), chatId = chat % 3 === 0 ? `-${chat + 1}` : `${chat + 1}`
    const asked = trueMs()
    const verdict = yield* one.client.acquire({ chatId, isGroup: chat % 3 === 0 })
    if (verdict._tag === "Wait") continue
    grants.push([chatId, asked, trueMs()])
    yield* one.client.landed(verdict.number)
  }
  process.stdout.write(`${JSON.stringify(grants)}\n`)
  yield* one.end
}).pipe(
  Effect.provide(Postgres.layer({ url: Redacted.make(url), maxConnections: 3 })),
  Effect.provideService(Clock.Clock, clock),
)

Effect.runPromise(work).then(() => process.exit(0), (error) => {
  console.error(error)
  process.exit(1)
})
