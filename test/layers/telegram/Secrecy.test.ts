/** The bot token reaches the address of a request and nothing else: no error, log, span, or grammY object. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Redacted, References, Tracer } from "effect"
import { Api } from "grammy"
import { inspect } from "node:util"
import { Telegram } from "../../../src/layers/Telegram.ts"
import * as Transport from "../../../src/layers/telegram/Transport.ts"
import { answering, canary, clientOf } from "./support.ts"

const secret = "canary-3f1b9c"

/** Everything an observer could print of it, down to what is hidden. */
const printed = (value: unknown): string =>
  [inspect(value, { depth: 12, showHidden: true }), String(value), JSON.stringify(value) ?? ""].join("\n")

/** Logs everything there is, spans too. */
const overheard = (heard: Array<string>) => {
  const logger = Logger.make((entry) => heard.push(printed(entry)))
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      heard.push(options.name)
      const end = span.end.bind(span)
      span.end = (endTime, exit) => {
        end(endTime, exit)
        heard.push(printed([...span.attributes]), printed(span.events), printed(exit))
      }
      return span
    },
  })
  return Layer.mergeAll(
    Logger.layer([logger]),
    Layer.succeed(References.MinimumLogLevel, "All"),
    Layer.succeed(Tracer.Tracer, tracer),
  )
}

const everyCall = Telegram.use((telegram) =>
  Effect.forEach([
    telegram.me,
    telegram.send({ chatId: "1", html: "x", buttons: [] }),
    telegram.updates({ offset: 0, holdSeconds: 0, kinds: [] }),
    telegram.deleteWebhook,
  ], (call) =>
    Effect.asVoid(call).pipe(
      Effect.tapCause((cause) => Effect.logError("failed", cause)),
      Effect.withSpan("outer"),
      Effect.exit,
    ))
)

describe("the bot token", () => {
  it.live("stands in no error, log or span, however a call fails", () =>
    Effect.gen(function* () {
      const requested: Array<string> = []
      const dropping = yield* answering((request) => {
        requested.push(request.url ?? "")
        request.socket.destroy()
      })
      const echoing = yield* answering((request, response) => response.end(`<html>no page ${request.url}</html>`))
      const refusing = yield* answering((request, response) =>
        response.end(JSON.stringify({ ok: false, error_code: 400, description: `Bad Request: ${request.url}` }))
      )
      const silent = yield* answering(() => {})
      const gone = yield* answering(() => {})
      gone.close()
      const heard: Array<string> = []
      for (const { url } of [dropping, echoing, refusing, silent, gone, { url: "http://no-such-host.invalid" }]) {
        const exits = yield* everyCall.pipe(
          Effect.provide(clientOf(url, "300 millis")),
          Effect.provide(overheard(heard)),
        )
        heard.push(printed(exits))
        assert.isTrue(exits.every(({ _tag }) => _tag === "Failure"))
      }
      assert.isTrue(requested.every((path) => path.startsWith(`/bot${canary}/`)), "it does reach Telegram")
      assert.isAbove(heard.length, 50)
      assert.deepStrictEqual(heard.filter((each) => each.includes(secret)), [])
    }))

  it.live("stands in nothing that grammY holds or throws", () =>
    Effect.gen(function* () {
      const { url } = yield* answering((request) => request.socket.destroy())
      const transport = Transport.make({ token: Redacted.make(canary), apiRoot: url, fetch: globalThis.fetch })
      const api = new Api(Transport.PLACEHOLDER_TOKEN, { buildUrl: transport.buildUrl, fetch: transport.fetch() })
      const thrown: unknown = yield* Effect.promise(() => api.getMe().catch((error: unknown) => error))
      assert.instanceOf(thrown, Error)
      for (const held of [api, api.options, thrown]) assert.notInclude(printed(held), secret)
      // The proxy of all methods would take being turned into text for a call.
      assert.notInclude(inspect(api.raw, { depth: 12, showHidden: true }), secret)
    }))
})
