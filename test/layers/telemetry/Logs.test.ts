/** Lines of the log: the trace they belong to, the whole cause of an error, and no secret. */
import { assert, describe, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Cause, Effect, Logger, Redacted } from "effect"
import * as Logs from "../../../src/layers/telemetry/Logs.ts"
import { continuing } from "../../../src/domain/TraceContext.ts"
import { BusError } from "../../../src/layers/Bus.ts"
import { Tracing } from "../../../src/layers/Tracing.ts"

const traceId = "0af7651916cd43dd8448eb211c80319c"
const carrier = { traceparent: `00-${traceId}-b7ad6b7169203331-01` }

/** What it logs, as the command line does. */
const linesOf = (effect: Effect.Effect<unknown>, on = true) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const logger = Logs.withTrace(Logger.formatLogFmt).pipe(Logger.map((line) => void lines.push(line)))
    yield* effect.pipe(Effect.provide(Logger.layer([logger])), Effect.provideService(Tracing, on))
    return lines
  })

describe("A line of the log", () => {
  it.effect("names the trace it belongs to, and the span", () =>
    Effect.gen(function* () {
      const span = Effect.flatMap(Effect.currentSpan, ({ spanId }) => Effect.as(Effect.log("sent"), spanId))
      let spanId = ""
      const [line = ""] = yield* linesOf(
        Effect.tap(continuing(carrier, "Deliver.send", {})(Effect.orDie(span)), (id) => Effect.sync(() => spanId = id)),
      )
      assert.match(line, new RegExp(`message=sent .*traceId=${traceId} spanId=${spanId}$`))
    }))

  it.effect("names none where none is kept", () =>
    Effect.gen(function* () {
      assert.notInclude((yield* linesOf(Effect.log("sent")))[0], "traceId")
      const unsampled = { traceparent: carrier.traceparent.replace(/1$/, "0") }
      assert.notInclude((yield* linesOf(continuing(unsampled, "x", {})(Effect.log("sent"))))[0], "traceId")
      assert.notInclude((yield* linesOf(continuing(carrier, "x", {})(Effect.log("sent")), false))[0], "traceId")
    }))

  it.effect("is an object of JSON with its trace where it is to be read by a program", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const logger = Logger.map(Logs.json, (line) => void lines.push(line))
      const logging = Effect.andThen(Effect.log("outside"), continuing(carrier, "x", {})(Effect.log("sent", { n: 1 })))
      yield* logging.pipe(Effect.provide(Logger.layer([logger])), Effect.provideService(Tracing, true))
      const [outside, sent] = lines.map((line) => JSON.parse(line))
      assert.strictEqual(outside.message, "outside")
      assert.isFalse("traceId" in outside)
      assert.deepInclude(sent, { level: "INFO", message: ["sent", { n: 1 }], traceId })
    }))

  it.effect("tells an error with its whole cause, and a secret never", () =>
    Effect.gen(function* () {
      const cause = Cause.combine(
        Cause.fail(
          new BusError({
            reason: "timeout",
            operation: "publish",
            subject: "md.frame.3",
            detail: "no answer within 5 s",
          }),
        ),
        Cause.die(new Error("outer", { cause: new Error("inner") })),
      )
      const [line = ""] = yield* linesOf(Effect.logError("a role begins again", cause, Redacted.make("s3cret")))
      for (
        const part of [
          "BusError",
          "publish on md.frame.3: timeout: no answer within 5 s",
          "outer",
          "inner",
          "Logs.test.ts",
          "<redacted>",
        ]
      ) {
        assert.include(line, part)
      }
      assert.notInclude(line, "s3cret")
    }))

  it("has words for every error: a class without a message of its own would log an empty one", () => {
    const root = fileURLToPath(new URL("../../../src/", import.meta.url))
    const silent = readdirSync(root, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.startsWith("simulators"))
      .filter((name) => {
        const text = readFileSync(join(root, name), "utf8")
        return text.includes("Schema.TaggedError<") && !/get message\(|message: Schema\./.test(text)
      })
    assert.deepStrictEqual(silent, [])
  })
})
