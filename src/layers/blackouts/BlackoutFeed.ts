/**
 * The Blackouts port from a JSON file or URL.
 *
 * In: a path or an http(s) URL of `{"v":1,"windows":[{"asset","from","to","reason"}]}`. Out: the windows. Promises: read
 * before the first answer, again every minute (a file) or five (a URL); a list with one wrong window is refused whole,
 * with the place of the mistake, and the one before it goes on; at most 1 MiB and 10 s; a warning each time trouble
 * begins or changes.
 */
import { readFile, stat } from "node:fs/promises"
import { Clock, Duration, Effect, Layer, Option, Ref, Result, Schema } from "effect"
import { BlackoutList } from "../../domain/Blackout.ts"
import { BlackoutError, Blackouts, NONE } from "../Blackouts.ts"

const FILE_EVERY = Duration.minutes(1)
const URL_EVERY = Duration.minutes(5)
const DEADLINE = Duration.seconds(10)
const MAX_BYTES = 1024 * 1024

class TooLarge extends Error {}

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(BlackoutList))

const isUrl = (place: string): boolean => /^https?:\/\//i.test(place)

/** A URL may hold credentials: they are not for people. */
const shown = (place: string): string =>
  isUrl(place) ? place.replace(/\/\/[^/@]*@/, "//").replace(/[?#].*$/, "") : place

const readUrl = async (url: string, signal: AbortSignal): Promise<string> => {
  const response = await fetch(url, { signal, headers: { accept: "application/json" } })
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
  const decoder = new TextDecoder()
  let text = "", bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.byteLength
    if (bytes > MAX_BYTES) throw new TooLarge()
    text += decoder.decode(part, { stream: true })
  }
  return text + decoder.decode()
}

const readPath = async (path: string, signal: AbortSignal): Promise<string> => {
  if ((await stat(path)).size > MAX_BYTES) throw new TooLarge()
  return await readFile(path, { encoding: "utf8", signal })
}

/** What went wrong, in words that cannot quote a URL. */
const wordsOf = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return "it could not be read"
  if (/^HTTP \d+$/.test(thrown.message)) return thrown.message
  const code: unknown = Reflect.get(thrown, "code")
  return typeof code === "string" ? code : "no answer"
}

/** Reads the list once. */
export const read = Effect.fn("Blackouts.read")(function* (place: string) {
  const where = shown(place)
  const failed = (reason: BlackoutError["reason"], detail: string) => new BlackoutError({ reason, where, detail })
  const text = yield* Effect.tryPromise({
    try: (signal) => isUrl(place) ? readUrl(place, signal) : readPath(place, signal),
    catch: (thrown) =>
      thrown instanceof TooLarge ? failed("too_large", "more than 1 MiB") : failed("unreadable", wordsOf(thrown)),
  }).pipe(Effect.timeoutOrElse({
    duration: DEADLINE,
    orElse: () => Effect.fail(failed("unreadable", `no answer within ${Duration.format(DEADLINE)}`)),
  }))
  const list = yield* Effect.mapError(decode(text), (error) => failed("malformed", error.message.replace(/\s+/g, " ")))
  return list.windows
})

const make = (place: string) =>
  Effect.gen(function* () {
    const known = yield* Ref.make(NONE)
    const refresh = Effect.gen(function* () {
      const before = yield* Ref.get(known)
      const result = yield* Effect.result(read(place))
      if (Result.isSuccess(result)) {
        yield* Ref.set(known, { windows: result.success, readAtMs: yield* Clock.currentTimeMillis, trouble: null })
        if (before.trouble !== null) yield* Effect.logInfo(`blackout windows of ${shown(place)} can be read again`)
        return
      }
      yield* Ref.set(known, { ...before, trouble: result.failure })
      if (before.trouble?.message !== result.failure.message) yield* Effect.logWarning(result.failure.message)
    })
    yield* refresh
    yield* Effect.forkScoped(
      Effect.forever(Effect.andThen(Effect.sleep(isUrl(place) ? URL_EVERY : FILE_EVERY), refresh)),
    )
    return Blackouts.of({ known: Ref.get(known) })
  })

export const layer = (place: Option.Option<string>): Layer.Layer<Blackouts> =>
  Layer.effect(
    Blackouts,
    Option.match(place, { onNone: () => Effect.succeed(Blackouts.of({ known: Effect.succeed(NONE) })), onSome: make }),
  )
