/**
 * Telemetry: which traces the settings ask for (nothing set: none, and nothing is paid for them), and logs as JSON.
 *
 * In: settings, who this process is. Out: a tracer for the whole program (`Backends.busOf` lets messages carry traces).
 * Promises: a setting that cannot work is told before anything runs; secrets of the settings never leave with a trace.
 */
import { Effect, Layer, Logger, Option, Redacted } from "effect"
import type { Settings } from "../domain/Settings.ts"
import * as Logs from "../layers/telemetry/Logs.ts"
import * as Traces from "../layers/telemetry/Traces.ts"
import { BadSettings } from "./Backends.ts"

const TRACES_PATH = "/v1/traces"

const bad = (detail: string) => new BadSettings({ detail })

const urlOf = (text: string) =>
  URL.canParse(text) && /^https?:\/\//.test(text)
    ? Effect.succeed(text.endsWith(TRACES_PATH) ? text : text.replace(/\/+$/, "") + TRACES_PATH)
    : Effect.fail(bad("ARBEDGE_OTLP_URL is no http or https URL: set it as http://127.0.0.1:4318"))

/** `name=value,name=value`; what is wrong with it is told without repeating it. */
const headersOf = (text: Option.Option<Redacted.Redacted>) => {
  const parts = Option.match(text, { onNone: () => [], onSome: (text) => Redacted.value(text).split(",") })
  const entries = parts.filter((part) => part.trim() !== "").map((part) => {
    const [name = "", ...value] = part.split("=")
    return [name.trim(), value.join("=").trim()] as const
  })
  return entries.every(([name, value]) => /^[\w-]+$/.test(name) && value !== "")
    ? Effect.succeed(Object.fromEntries(entries))
    : Effect.fail(bad("ARBEDGE_OTLP_HEADERS is not of the form name=value,name=value"))
}

const ratioOf = (ratio: number) =>
  ratio >= 0 && ratio <= 1
    ? Effect.succeed(ratio)
    : Effect.fail(bad("ARBEDGE_TRACE_RATIO is a share: set it between 0 and 1"))

/** Settings hold no other redacted values than texts. */
const isSecret = (value: unknown): value is Redacted.Redacted => Redacted.isRedacted(value)

const secretsOf = (settings: Settings): ReadonlyArray<Redacted.Redacted> =>
  Object.values(settings).flatMap((value: unknown) =>
    Option.isOption(value) && Option.isSome(value) && isSecret(value.value) ? [value.value] : []
  )

export interface Process {
  readonly version: string
  /** Unique for each process start. */
  readonly instance: string
  /** What it does, for people. */
  readonly roles: ReadonlyArray<string>
}

export const tracingOf = (settings: Settings, { instance, roles, version }: Process): Layer.Layer<never, BadSettings> =>
  Option.match(settings.otlpUrl, {
    onNone: () => Layer.empty,
    onSome: (text) =>
      Layer.unwrap(Effect.gen(function* () {
        return Traces.layer({
          url: yield* urlOf(text),
          headers: yield* headersOf(settings.otlpHeaders),
          ratio: yield* ratioOf(settings.traceRatio),
          attributes: {
            "service.version": version,
            "service.instance.id": instance,
            "arbedge.roles": roles.join(","),
          },
          secrets: secretsOf(settings),
        })
      })),
  })

/** On standard error, an object a line, in place of the loggers there are. */
export const jsonLogs: Layer.Layer<never> = Logger.layer([Logger.withConsoleError(Logs.json)])
