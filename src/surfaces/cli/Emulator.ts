/**
 * `arbedge emulator`: a Telegram of one's own, for load tests and for tests that kill the service.
 *
 * In: a port, chats, where the log goes. Out: one JSON line with the address and the token to give to the service, and
 * every call of the bot in the log. It runs until SIGTERM or Ctrl-C.
 */
import { Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import * as Emulator from "../../programs/Emulator.ts"
import { failed, type Failure, usage } from "./Failure.ts"

const port = Flag.Int("port").pipe(
  Flag.withDescription("On 127.0.0.1; 0: any free one"),
  Flag.filter((value) => value >= 0 && value <= 65_535, (value) => `${value} is no port`),
  Flag.withDefault(0),
)
const log = Flag.String("log").pipe(Flag.withDescription("Where every call goes, one JSON object a line"))
const chat = Flag.String("chat").pipe(
  Flag.withDescription("A person's private chat: an id, or a range such as 1000-1999; may be repeated"),
  Flag.atLeast(0),
)
const start = Flag.Boolean("start").pipe(
  Flag.withDescription("Each person says /start once, as soon as the bot asks for updates"),
  Flag.withDefault(false),
)

const MOST_CHATS = 1_000_000

/** Ids of one `--chat`, in order. */
const parseChats = (text: string): Effect.Effect<ReadonlyArray<number>, Failure> => {
  const [, first = "", last = first] = /^([1-9]\d{0,14})(?:-([1-9]\d{0,14}))?$/.exec(text) ?? []
  const from = Number(first), count = Number(last) - from + 1
  return first === "" || count < 1 || count > MOST_CHATS
    ? Effect.fail(usage(`"${text}" in --chat is no chat`, "give an id above 0, or a range such as 1000-1999"))
    : Effect.succeed(Array.from({ length: count }, (_, at) => from + at))
}

export const emulator = Command.make(
  "emulator",
  { port, log, chat, start },
  Effect.fn("Cli.emulator")(function* (options) {
    const chats = new Set((yield* Effect.forEach(options.chat, parseChats)).flat())
    return yield* Emulator.emulate(
      { chats: [...chats], start: options.start, log: options.log },
      (emulated) => Console.log(JSON.stringify(emulated)),
    ).pipe(
      Effect.scoped,
      Effect.provide(Emulator.layer(options.port)),
      Effect.catchTag(
        "ServeError",
        () => Effect.fail(failed(`port ${options.port} is taken`, "give another --port, or 0")),
      ),
      Effect.mapError((error) => error._tag === "Failure" ? error : failed(error.message)),
    )
  }),
).pipe(Command.withDescription("A Telegram of one's own, for load and fault tests"))
