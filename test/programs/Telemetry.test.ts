/** What the settings ask for in traces: what is refused, in which words, and what is never repeated. */
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Layer } from "effect"
import { settings } from "../../src/domain/Settings.ts"
import { Tracing } from "../../src/layers/Tracing.ts"
import * as Telemetry from "../../src/programs/Telemetry.ts"
import { otlpReceiver } from "../support/otlpReceiver.ts"

const read = (
  environment: Readonly<Record<string, string>>,
): Effect.Effect<Config.Success<typeof settings>, Config.ConfigError> =>
  Effect.provideService(settings, ConfigProvider.ConfigProvider, ConfigProvider.fromEnvRecord(environment))

const member = { instance: "one", roles: ["ingest", "detect"], version: "1.2.3" }

const refusal = (environment: Readonly<Record<string, string>>) =>
  Effect.flatMap(read(environment), (read) => Layer.build(Telemetry.tracingOf(read, member))).pipe(
    Effect.flip,
    Effect.map((error) => error.message),
    Effect.scoped,
  )

describe("The settings of traces", () => {
  it.effect("are off where nothing is set", () =>
    Effect.gen(function* () {
      const nothing = yield* read({})
      assert.isFalse(yield* Effect.provide(Tracing, Telemetry.tracingOf(nothing, member)))
    }))

  const URL = "http://127.0.0.1:4318"
  const wrong: ReadonlyArray<readonly [environment: Readonly<Record<string, string>>, words: RegExp]> = [
    [{ ARBEDGE_OTLP_URL: "collector" }, /^ARBEDGE_OTLP_URL is no http or https URL/],
    [{ ARBEDGE_OTLP_URL: "ftp://collector" }, /^ARBEDGE_OTLP_URL is no http or https URL/],
    [{ ARBEDGE_OTLP_URL: URL, ARBEDGE_OTLP_HEADERS: "s3cret" }, /^ARBEDGE_OTLP_HEADERS is not of the form name=value/],
    [{ ARBEDGE_OTLP_URL: URL, ARBEDGE_OTLP_HEADERS: "a=1,s3 cret=2" }, /^ARBEDGE_OTLP_HEADERS is not of the form/],
    [{ ARBEDGE_OTLP_URL: URL, ARBEDGE_TRACE_RATIO: "1.5" }, /^ARBEDGE_TRACE_RATIO is a share/],
    [{ ARBEDGE_OTLP_URL: URL, ARBEDGE_TRACE_RATIO: "-0.1" }, /^ARBEDGE_TRACE_RATIO is a share/],
  ]
  for (const [environment, words] of wrong) {
    it.effect(`are refused with the variable's name: ${Object.entries(environment).at(-1)?.join("=")}`, () =>
      Effect.gen(function* () {
        const told = yield* refusal(environment)
        assert.match(told, words)
        assert.notMatch(told, /s3/)
      }))
  }

  it.live("say where spans go, with which key, and what of the settings never leaves", () =>
    Effect.gen(function* () {
      const receiver = yield* otlpReceiver
      const environment = {
        ARBEDGE_OTLP_URL: `${receiver.url}/`,
        ARBEDGE_OTLP_HEADERS: " x-key = abc=def , x-other=1",
        ARBEDGE_TELEGRAM_TOKEN: "12:hidden",
      }
      const attributes = { note: "the token is 12:hidden" }
      yield* Effect.withSpan(Effect.void, "entry", { kind: "producer", attributes }).pipe(
        Effect.provide(Telemetry.tracingOf(yield* read(environment), member)),
        Effect.scoped,
      )
      assert.deepStrictEqual(receiver.spans.map(({ instance, name, roles }) => [name, instance, roles]), [
        ["entry", "one", "ingest,detect"],
      ])
      assert.deepInclude(receiver.headers[0], { "x-key": "abc=def", "x-other": "1" })
      assert.notInclude(receiver.bodies.join(), "hidden")
    }))
})
