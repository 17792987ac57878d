/**
 * Two processes over one Postgres, one killed: sessions go on being answered, actors and the feed move to the other.
 *
 * Comes in: a database of its own, two child processes (test/support/clusterProcess.ts) with short expiries.
 * Promises: the children end with the test.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Schema } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import process from "node:process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import * as Migrations from "../../src/layers/sql/Migrations.ts"
import * as Postgres from "../../src/layers/postgres/Postgres.ts"
import { ownDatabase } from "../layers/postgres/ownDatabase.ts"
import { until } from "../support/actors.ts"
import { describeWith, postgres } from "../support/available.ts"
import { freePort } from "../support/freePort.ts"

const program = fileURLToPath(new URL("../support/clusterProcess.ts", import.meta.url))
const command = "Deno" in globalThis ? ["run", "-A", program] : [program]

const Answer = Schema.fromJsonString(Schema.Struct({ id: Schema.Int, ok: Schema.Boolean, value: Schema.Unknown }))
const Touched = Schema.Struct({ verdict: Schema.String, sessionId: Schema.NullOr(Schema.String) })
const Fed = Schema.Struct({ first: Schema.NullOr(Schema.String), count: Schema.Int })

/** A running process that answers one line for each line it is sent. */
class Member {
  readonly #child: ChildProcess
  readonly #asked = new Map<number, (answer: typeof Answer.Type) => void>()
  #lastId = 0
  readonly ready: Promise<void>

  constructor(child: ChildProcess) {
    this.#child = child
    const { stdout } = child
    this.ready = new Promise((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`the process ended with ${code}`)))
      if (stdout === null) return
      createInterface({ input: stdout }).on("line", (line) => {
        if (line === "ready") return resolve()
        if (!line.startsWith("{")) return
        const answer = Schema.decodeSync(Answer)(line)
        this.#asked.get(answer.id)?.(answer)
        this.#asked.delete(answer.id)
      })
    })
  }

  ask(op: string, key = ""): Effect.Effect<unknown, string> {
    return Effect.flatMap(
      Effect.promise(() =>
        new Promise<typeof Answer.Type>((resolve) => {
          const id = ++this.#lastId
          this.#asked.set(id, resolve)
          this.#child.stdin?.write(`${JSON.stringify({ id, op, key })}\n`)
        })
      ),
      ({ ok, value }) => ok ? Effect.succeed(value) : Effect.fail(String(value)),
    )
  }

  kill(): void {
    this.#child.kill("SIGKILL")
  }
}

const memberOf = (url: Redacted.Redacted, owner: string) =>
  Effect.gen(function* () {
    const port = yield* freePort
    const member = yield* Effect.acquireRelease(
      Effect.sync(() =>
        new Member(
          spawn(process.execPath, [...command, Redacted.value(url), String(port), owner], {
            stdio: ["pipe", "pipe", "inherit"],
          }),
        )
      ),
      (running) => Effect.sync(() => running.kill()),
    )
    yield* Effect.promise(() => member.ready)
    return member
  })

const touch = (member: Member, telegramId: string) =>
  Effect.flatMap(member.ask("touch", telegramId), Schema.decodeUnknownEffect(Touched))
const fed = (member: Member) => Effect.flatMap(member.ask("fed"), Schema.decodeUnknownEffect(Fed))

const chats = Array.from({ length: 40 }, (_, index) => String(1_000 + index))

describeWith(postgres, "Two processes over one Postgres", () => {
  it.live("share the actors, and when one is killed the other answers for all of them", () =>
    Effect.gen(function* () {
      const url = yield* ownDatabase
      yield* Layer.build(Migrations.layer.pipe(Layer.provide(Postgres.layer({ url, maxConnections: 2 }))))
      const one = yield* memberOf(url, "one")
      const two = yield* memberOf(url, "two")

      // A hundred and more starts of one user, half of them in each process: one session.
      const crowd = yield* Effect.forEach(
        Array.from({ length: 120 }, (_, at) => at % 2 === 0 ? one : two),
        (member) => member.ask("start", "900"),
        { concurrency: "unbounded" },
      )
      assert.strictEqual(new Set(crowd).size, 1)

      const started = yield* Effect.forEach(chats, (chat) => one.ask("start", chat), { concurrency: 8 })
      const touchAll = (member: Member) => Effect.forEach(chats, (chat) => touch(member, chat), { concurrency: 8 })
      const seenByTwo = yield* touchAll(two)
      assert.deepStrictEqual(seenByTwo.map(({ sessionId }) => sessionId), started)

      // Both host a part once the second has joined.
      yield* until(
        Effect.andThen(
          Effect.andThen(touchAll(one), touchAll(two)),
          Effect.map(Effect.all([one.ask("resident"), two.ask("resident")]), (counts) =>
            counts.every((count) => Number(count) > 0)),
        ),
      )

      yield* until(Effect.map(one.ask("ensure", "kraken"), (status) =>
        status === "feeding"))
      yield* until(Effect.map(Effect.all([fed(one), fed(two)]), (sinks) => sinks.some(({ count }) => count > 0)))
      const oneFeeds = (yield* fed(one)).count > 0
      const [owner, survivor] = oneFeeds ? [one, two] : [two, one]
      assert.strictEqual((yield* fed(survivor)).count, 0)

      owner.kill()
      // At once, though half of the actors have just died: their rows answer.
      const after = yield* touchAll(survivor)
      assert.isTrue(after.every(({ verdict }) => verdict === "valid"))
      assert.deepStrictEqual(after.map(({ sessionId }) => sessionId), started)

      const keepsAsking = survivor.ask("ensure", "kraken").pipe(Effect.ignore)
      yield* until(
        Effect.andThen(Effect.andThen(keepsAsking, Effect.sleep("100 millis")), fed(survivor)).pipe(
          Effect.map(({ count }) => count > 1),
        ),
      )
      // It followed a dead owner: what comes first says that something may be missing.
      assert.strictEqual((yield* fed(survivor)).first, "2 owner_lost")
      yield* until(Effect.andThen(
        touchAll(survivor),
        Effect.map(survivor.ask("resident"), (count) => Number(count) > chats.length),
      ))
      assert.include(["Granted", "Wait"], yield* survivor.ask("acquire", "1"))
    }), 60_000)
})
