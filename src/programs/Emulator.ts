/**
 * Emulator: the shipped Telegram as a process of its own, for load tests and tests that kill other processes.
 *
 * In: a port, the private chats, where the log goes. Out: the address and token of its Bot API, and every call as a line
 * of the log. Promises: a line is handed to the system in the turn of the call that made it, so that a kill of this
 * process loses at most the calls not yet answered; the log is made anew at the start and whole at the end.
 */
import { closeSync, openSync, writeSync } from "node:fs"
import { Effect, Schema, type Scope, Stream } from "effect"
import type { EmulatorError } from "../simulators/telegram/People.ts"
import { type Call, toNdjson } from "../simulators/telegram/CallLog.ts"
import { type Emulator, TelegramEmulator } from "../simulators/telegram/TelegramEmulator.ts"

/** The log cannot be written; not worth a retry. */
export class LogError extends Schema.TaggedError<LogError>()("LogError", {
  path: Schema.String,
  detail: Schema.String,
}) {
  readonly retryable = false
  override get message(): string {
    return `the log "${this.path}" cannot be written: ${this.detail}`
  }
}

export interface EmulatorOptions {
  /** Ids of people; each has a private chat of the same id. */
  readonly chats: ReadonlyArray<number>
  /** Each says /start once; it waits in the queue until the bot asks for updates. */
  readonly start: boolean
  /** Where the log goes, one JSON object a line. */
  readonly log: string
}

export interface Emulated {
  /** For ARBEDGE_TELEGRAM_API_ROOT and ARBEDGE_TELEGRAM_TOKEN. */
  readonly apiRoot: string
  readonly token: string
  readonly chats: number
}

const attempt = <A>(path: string, run: () => A): Effect.Effect<A, LogError> =>
  Effect.try({
    try: run,
    catch: (cause) => new LogError({ path, detail: cause instanceof Error ? cause.message : String(cause) }),
  })

const open = (path: string): Effect.Effect<number, LogError, Scope.Scope> =>
  Effect.acquireRelease(attempt(path, () => openSync(path, "w")), (file) => Effect.sync(() => closeSync(file)))

const invite = Effect.fnUntraced(function* (emulator: Emulator, { chats, start }: EmulatorOptions) {
  for (const id of chats) {
    yield* emulator.addPrivateChat({ id, firstName: `user ${id}`, started: !start })
    if (start) yield* emulator.say(id, id, "/start")
  }
})

/** Runs until interrupted; `onReady` is told once it listens and everybody is there. */
export const emulate = Effect.fn("Emulator.emulate")(
  function* <E, R>(
    options: EmulatorOptions,
    onReady: (emulated: Emulated) => Effect.Effect<void, E, R>,
  ): Effect.fn.Return<never, E | EmulatorError | LogError, R | Scope.Scope | TelegramEmulator> {
    const emulator = yield* TelegramEmulator
    const file = yield* open(options.log)
    let written = 0
    const append = (calls: ReadonlyArray<Call>) =>
      attempt(options.log, () => {
        written += calls.length
        writeSync(file, toNdjson(calls))
      })
    // What was called between the last line written and the end.
    yield* Effect.addFinalizer(() =>
      Effect.flatMap(
        Effect.all([emulator.log.calls, emulator.log.droppedCount]),
        ([calls, dropped]) => append(calls.slice(Math.max(0, written - dropped))),
      ).pipe(Effect.ignore({ log: true }))
    )
    yield* invite(emulator, options)
    yield* onReady({ apiRoot: emulator.url, token: emulator.token, chats: options.chats.length })
    yield* Stream.runForEachArray(emulator.log.stream, append)
    return yield* Effect.never
  },
)

/** The emulator on 127.0.0.1; port 0 takes a free one. Fails if the port is taken. */
export const layer = (port: number) => TelegramEmulator.layer({ port })
