/**
 * Four processes with a limiter each over one Postgres, each with a wrong clock that jumps by hours: together within the
 * messenger's limits.
 *
 * In: ARBEDGE_LIMIT_PROCESS_STEPS, requests of all four (1,200). Promises: the processes end with the test. A breach is
 * only what surely is one: more grants than the limit whose whole way, from question to answer, lies within a window.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Schema } from "effect"
import { spawn } from "node:child_process"
import process from "node:process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { type Limit, TELEGRAM_LIMITS } from "../../src/domain/RateLimit.ts"
import * as Migrations from "../../src/layers/sql/Migrations.ts"
import * as Postgres from "../../src/layers/postgres/Postgres.ts"
import { ownDatabase } from "../layers/postgres/ownDatabase.ts"
import { describeWith, postgres } from "../support/available.ts"

const STEPS = Number(process.env["ARBEDGE_LIMIT_PROCESS_STEPS"] ?? "1200")
const PROCESSES = 4
const HOUR_MS = 3_600_000

const program = fileURLToPath(new URL("../support/limiterProcess.ts", import.meta.url))
const command = "Deno" in globalThis ? ["run", "-A", program] : [program]

const Grants = Schema.fromJsonString(Schema.Array(Schema.Tuple([Schema.String, Schema.Finite, Schema.Finite])))
type Grant = readonly [chatId: string, askedMs: number, answeredMs: number]

/** A running limiter: `lines` resolves each line in turn. */
const started = (url: Redacted.Redacted, n: number) =>
  Effect.gen(function* () {
    const args = [Redacted.value(url), `${(n - 1) * HOUR_MS}`, `${Math.floor(STEPS / PROCESSES)}`, `${n + 1}`]
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, [...command, ...args], { stdio: ["pipe", "pipe", "inherit"] })),
      (running) => Effect.sync(() => void running.kill("SIGKILL")),
    )
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const next = Effect.promise(async () => {
      const { done, value } = await lines.next()
      if (done === true) throw new Error("a limiter's process ended")
      return value
    })
    assert.strictEqual(yield* next, "ready")
    return { go: Effect.sync(() => void child.stdin.write("go\n")), result: next }
  })

/** The most grants whose whole way lies within one window. */
const surely = (grants: ReadonlyArray<Grant>, { windowMs }: Limit): number => {
  const byEnd = grants.toSorted((a, b) => a[2] - b[2])
  let most = 0
  for (const [at, [, , end]] of byEnd.entries()) {
    let inside = 0
    for (let before = at; before >= 0 && (byEnd[before]?.[2] ?? 0) > end - windowMs; before--) {
      if ((byEnd[before]?.[1] ?? 0) > end - windowMs) inside++
    }
    most = Math.max(most, inside)
  }
  return most
}

describeWith(postgres, "Four limiters in processes of their own", () => {
  it.live(`grant together what one would, in ${STEPS} steps`, () =>
    Effect.gen(function* () {
      const url = yield* ownDatabase
      yield* Layer.build(Migrations.layer.pipe(Layer.provide(Postgres.layer({ url, maxConnections: 2 }))))
      const limiters = yield* Effect.forEach(
        Array.from({ length: PROCESSES }, (_, n) => n),
        (n) => started(url, n),
        { concurrency: PROCESSES },
      )
      yield* Effect.forEach(limiters, ({ go }) => go, { discard: true })
      const told = yield* Effect.forEach(limiters, ({ result }) => result, { concurrency: PROCESSES })
      const grants: ReadonlyArray<Grant> = told.flatMap((line) => Schema.decodeSync(Grants)(line))
      const { chat, global, group } = TELEGRAM_LIMITS
      assert.isAtMost(surely(grants, global), global.grants)
      for (const [chatId, some] of Map.groupBy(grants, ([chatId]) => chatId)) {
        assert.isAtMost(surely(some, chat), chat.grants, chatId)
        if (chatId.startsWith("-")) assert.isAtMost(surely(some, group), group.grants, chatId)
      }
      const times = grants.map(([, , answered]) => answered)
      const seconds = (Math.max(...times) - Math.min(...times)) / 1_000
      // Nor is the room left unused.
      assert.isAbove(grants.length, Math.max(30, seconds * 10))
      yield* Effect.logInfo(`${STEPS} steps in ${seconds.toFixed(1)} s: ${grants.length} grants`)
    }), 60_000 + STEPS * 60)
})
