/**
 * `arbedge dlq list|show|requeue|discard`: messages that failed for good.
 *
 * In: ids as `list` tells them. Out: letters; with `--json` one object a line. Promises: exit 2 for an id that is no dead
 * letter, 1 where one could not be put back because it has expired; asked of the running service.
 */
import { Console, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { DeadLetter, Handled } from "../../layers/DeadLetters.ts"
import * as Backends from "../../programs/Backends.ts"
import * as Client from "../rpc/Client.ts"
import { failed, unreachable, usage } from "./Failure.ts"
import { json } from "./Input.ts"
import * as OperatorSettings from "./OperatorSettings.ts"
import { table } from "./Table.ts"

const asked = Effect.fnUntraced(function* <A>(call: Parameters<typeof Client.asking<A>>[1]) {
  const settings = yield* OperatorSettings.read
  return yield* Effect.mapError(
    Client.asking(Backends.dataFolder(settings), call),
    (error) => unreachable(error.detail, error.fix),
  )
})

const time = (ms: number): string => new Date(ms).toISOString()
const what = ({ kind, opportunityType, purpose }: DeadLetter): string => `${opportunityType ?? kind} ${purpose}`

const limit = Flag.Int("limit").pipe(Flag.withDescription("How many, the newest first"), Flag.withDefault(50))
const before = Flag.Int("before").pipe(Flag.withDescription("Only those with a smaller id"), Flag.optional)
const letterId = Argument.Int("id").pipe(Argument.withDescription("As `arbedge dlq list` tells it"))
const letterIds = letterId.pipe(Argument.atLeast(1))

const list = Command.make(
  "list",
  { limit, before, json },
  Effect.fn("Cli.dlq.list")(function* (options) {
    if (options.limit < 1 || options.limit > 1_000) {
      return yield* usage(`--limit ${options.limit}`, "give a number from 1 to 1000")
    }
    const page = { limit: options.limit, beforeId: Option.getOrNull(options.before) }
    const letters = yield* asked((client) => client.DeadLetters(page))
    if (options.json) {
      return yield* Effect.forEach(letters, (letter) => Console.log(JSON.stringify(letter)), { discard: true })
    }
    if (letters.length === 0) return yield* Console.log("no dead letters")
    yield* Console.log(table(letters.map((letter) => ({
      id: String(letter.queueId),
      what: what(letter),
      channel: letter.channel,
      user: letter.userId,
      attempts: String(letter.attempts),
      failed: time(letter.failedAt),
      expires: time(letter.expiresAt),
      lives: String(letter.history.length + 1),
      error: letter.error ?? "-",
    }))))
  }),
).pipe(Command.withDescription("Dead letters, the newest first"))

const noLetter = (queueId: number) => usage(`${queueId} is no dead letter`, "`arbedge dlq list` tells those there are")

const show = Command.make(
  "show",
  { letterId, json },
  Effect.fn("Cli.dlq.show")(function* (options) {
    const letter = yield* asked((client) => client.DeadLetter({ queueId: options.letterId }))
    if (letter === null) return yield* noLetter(options.letterId)
    if (options.json) return yield* Console.log(JSON.stringify(letter))
    const { history, ...now } = letter
    const text = (name: string, value: unknown): string =>
      typeof value === "number" && /At$/.test(name) ? time(value) : `${value ?? "-"}`
    yield* Console.log(table(Object.entries(now).map(([name, value]) => ({ name, value: text(name, value) }))))
    if (history.length === 0) return
    yield* Console.log(`\nbefore it was put back:\n${
      table(history.map(({ atMs, attempts, error }) => ({
        "put back": time(atMs),
        attempts: String(attempts),
        error: error ?? "-",
      })))
    }`)
  }),
).pipe(Command.withDescription("One dead letter, with its former lives"))

const handle = Effect.fnUntraced(function* (
  order: "requeue" | "discard",
  options: { readonly letterIds: ReadonlyArray<number>; readonly json: boolean },
) {
  const handled = yield* asked((client) => client.HandleDeadLetters({ queueIds: options.letterIds, order }))
  yield* Effect.forEach(
    handled,
    (one: Handled) => Console.log(options.json ? JSON.stringify(one) : `${one.queueId}: ${one.end}`),
    { discard: true },
  )
  const unknown = handled.find(({ end }) => end === "not_dead")
  if (unknown !== undefined) return yield* noLetter(unknown.queueId)
  const expired = handled.filter(({ end }) => end === "expired")
  if (expired.length > 0) {
    return yield* failed(
      `${expired.length} of ${handled.length} have expired and stay dead letters`,
      "what has expired is never sent: `arbedge dlq discard` takes it off the list",
    )
  }
})

const requeue = Command.make("requeue", { letterIds, json }, (options) => handle("requeue", options)).pipe(
  Command.withDescription("Puts dead letters back: consent and caps are asked anew"),
)
const discard = Command.make("discard", { letterIds, json }, (options) => handle("discard", options)).pipe(
  Command.withDescription("Takes dead letters off the list"),
)

export const dlq = Command.make("dlq").pipe(
  Command.withDescription("Messages that failed for good"),
  Command.withSubcommands([list, show, requeue, discard]),
)
