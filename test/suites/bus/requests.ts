/** The Bus suite, sixth part: a question on a subject, one answer. */
import { assert } from "@effect/vitest"
import { Duration, Effect, Fiber } from "effect"
import { Bus, type LiveMessage } from "../../../src/layers/Bus.ts"
import { bytes, eventually, fresh, type Kit, text } from "./kit.ts"

const WITHIN = Duration.seconds(5)

export const requestCases = (kit: Kit): void => {
  const { it } = kit

  const ask = (subject: string, content = "?") =>
    Effect.flatMap(Bus, (bus) => bus.request({ subject, data: bytes(content), headers: { kind: "question" } }, WITHIN))

  /** Answers on `pattern` from now on; returns when it does. */
  const answering = Effect.fnUntraced(function* (
    pattern: string,
    subject: string,
    answer: (request: LiveMessage) => string,
  ) {
    const bus = yield* Bus
    yield* Effect.forkScoped(bus.respond(pattern, 16, (request) =>
      Effect.succeed({
        data: bytes(answer(request)),
        headers: { kind: "answer" },
      })))
    yield* eventually(kit, Effect.isSuccess(ask(subject)))
  })

  it.effect("answers a request with data and headers, under the subject that was asked", () =>
    Effect.gen(function* () {
      const root = fresh()
      yield* answering(
        `${root}.>`,
        `${root}.x`,
        ({ data, headers, subject }) => `${subject} ${headers["kind"]} ${text(data)}`,
      )
      const { data, headers, subject } = yield* ask(`${root}.a.b`, "why")
      assert.deepStrictEqual([subject, headers["kind"]], [`${root}.a.b`, "answer"])
      assert.strictEqual(text(data), `${root}.a.b question why`)
    }))

  it.effect("gives each request to one of those who answer", () =>
    Effect.gen(function* () {
      const root = fresh()
      const heard: Array<string> = []
      const hear = ({ data }: LiveMessage) => {
        heard.push(text(data))
        return "yes"
      }
      yield* answering(root, root, hear)
      yield* answering(root, root, hear)
      heard.length = 0
      const questions = Array.from({ length: 20 }, (_, n) => String(n).padStart(2, "0"))
      yield* Effect.forEach(questions, (question) => ask(root, question), { concurrency: 10 })
      assert.deepStrictEqual(heard.toSorted(), questions)
    }))

  it.effect("says `unavailable` where nobody answers, also when whoever did has gone", () =>
    Effect.gen(function* () {
      const root = fresh()
      assert.strictEqual((yield* Effect.flip(ask(root))).reason, "unavailable")
      yield* Effect.scoped(answering(root, root, () => "yes"))
      yield* eventually(kit, Effect.map(Effect.result(ask(root)), ({ _tag }) => _tag === "Failure"))
      assert.strictEqual((yield* Effect.flip(ask(root))).reason, "unavailable")
    }))

  it.effect("says `timeout` when no answer comes in time", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const root = fresh()
      const asked: Array<string> = []
      yield* Effect.forkScoped(bus.respond(root, 4, ({ data }) => {
        asked.push(text(data))
        return Effect.never
      }))
      const within = Duration.millis(200)
      const waiting = yield* Effect.forkScoped(
        Effect.flip(Effect.retry(bus.request({ subject: root, data: bytes("?") }, within), {
          while: ({ reason }) => reason === "unavailable",
        })),
      )
      yield* eventually(kit, Effect.sync(() => asked.length > 0))
      yield* kit.pass(within)
      assert.strictEqual((yield* Fiber.join(waiting)).reason, "timeout")
    }))

  it.effect("refuses a malformed subject or pattern", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      assert.strictEqual((yield* Effect.flip(ask("a.*"))).reason, "rejected")
      const refused = yield* Effect.flip(bus.respond("a..b", 1, () => Effect.succeed({ data: bytes("") })))
      assert.strictEqual(refused.reason, "rejected")
    }))
}
