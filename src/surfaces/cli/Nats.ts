/**
 * `arbedge nats credential|config`: lets outside operators onto the NATS server, and keeps them to what they are granted.
 *
 * In: a name; the operators file. Out: a credential, its secret shown once and kept nowhere; the server's configuration,
 * and what it grants to whom. Promises: `config` writes the file whole, for its owner alone (0600), and neither prints
 * nor needs a secret; what is wrong in the operators file is told with its path (exit 2).
 */
import { Console, Effect, FileSystem, Option, Redacted, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as Operator from "../../domain/Operator.ts"
import { newCredential } from "../../programs/NatsCredential.ts"
import { asked, JETSTREAM_DOMAIN, natsConfig } from "../../programs/NatsConfig.ts"
import { failed, usage } from "./Failure.ts"
import { json, readJson } from "./Input.ts"
import { table } from "./Table.ts"

const OWNER_ONLY = 0o600

const decodeName = Schema.decodeUnknownEffect(Operator.OperatorName)

const credential = Command.make(
  "credential",
  {
    name: Argument.String("name").pipe(
      Argument.withDescription(`The operator's name; ${Operator.SERVICE_USER}: the service itself`),
    ),
    nkey: Flag.Boolean("nkey").pipe(
      Flag.withDescription("An ed25519 key pair instead of a password"),
      Flag.withDefault(false),
    ),
    json,
  },
  Effect.fn("Cli.nats.credential")(function* (options) {
    const name = yield* decodeName(options.name).pipe(
      Effect.mapError(() => usage(`"${options.name}" is no name: a-z, 0-9 and -, such as desk-1`, "choose another")),
    )
    if (options.nkey && name === Operator.SERVICE_USER) {
      return yield* usage("the service connects by password: ARBEDGE_NATS_URL holds no key", "leave out --nkey")
    }
    const { credential, kind, secret } = yield* newCredential(options.nkey ? "seed" : "password")
    const shown = Redacted.value(secret)
    if (options.json) return yield* Console.log(JSON.stringify({ name, [kind]: shown, credential }))
    yield* Console.log(`${kind}: ${shown}`)
    yield* Console.log(
      name === Operator.SERVICE_USER
        ? `"service": ${JSON.stringify(credential)}`
        : JSON.stringify({ name, credential }),
    )
    yield* Console.error(
      `the ${kind} is shown this once and kept nowhere; the second line goes into the operators file`,
    )
  }),
).pipe(Command.withDescription("Make a credential: the secret for its owner, and its line for the operators file"))

const readOperators = Effect.fnUntraced(function* (path: string) {
  const value = yield* readJson(path, "the operators file")
  return yield* Effect.mapError(
    Operator.fromUnknown(value),
    (error) => usage(`the operators file "${path}" is refused:\n${error.message}`, "see docs/guides/operators.md"),
  )
})

/** Whole or not at all, and never readable by others, not even for a moment. */
const writeWhole = Effect.fnUntraced(function* (path: string, text: string) {
  const files = yield* FileSystem.FileSystem, part = `${path}.part`
  yield* files.remove(part, { force: true }).pipe(
    Effect.andThen(files.writeFileString(part, text, { mode: OWNER_ONLY })),
    Effect.andThen(files.rename(part, path)),
    Effect.mapError((error) =>
      failed(`"${path}" cannot be written: ${error.message}`, "check the folder and its rights")
    ),
  )
})

interface Granted {
  readonly name: string
  readonly inboxPrefix: string
  readonly jetstreamDomain: string
  readonly follows: ReadonlyArray<string>
  readonly asks: ReadonlyArray<string>
}

const grantedTo = (operator: Operator.Operator): Granted => {
  const { asks, follows } = Operator.grantsOf(operator), inboxPrefix = Operator.inboxPrefixOf(operator)
  return { name: operator.name, inboxPrefix, jetstreamDomain: JETSTREAM_DOMAIN, follows, asks: asks.map(asked) }
}

const textOf = (granted: ReadonlyArray<Granted>): string =>
  granted.length === 0
    ? "no operators: only the service may connect"
    : table(granted.flatMap(({ asks, follows, inboxPrefix, name }) => [
      ...follows.map((subject, at) => ({ operator: at === 0 ? name : "", may: "follow", subject })),
      ...asks.map((subject) => ({ operator: "", may: "ask", subject })),
      { operator: "", may: "be answered on", subject: `${inboxPrefix}.>` },
    ]))

const config = Command.make(
  "config",
  {
    operators: Flag.String("operators").pipe(
      Flag.withDescription("The operators file: JSON (docs/guides/operators.md)"),
    ),
    out: Flag.String("out").pipe(
      Flag.withDescription("Where to write the configuration; without it, it is printed"),
      Flag.optional,
    ),
    json,
  },
  Effect.fn("Cli.nats.config")(function* (options) {
    const operators = yield* readOperators(options.operators), granted = operators.operators.map(grantedTo)
    if (Option.isNone(options.out)) {
      return yield* Console.log(options.json ? JSON.stringify(granted) : natsConfig(operators))
    }
    yield* writeWhole(options.out.value, natsConfig(operators))
    yield* Console.log(options.json ? JSON.stringify(granted) : textOf(granted))
    yield* Console.error(`written: ${options.out.value}; \`nats-server --signal reload\` takes it in without a restart`)
  }),
).pipe(Command.withDescription("Make the NATS server's configuration from the operators file"))

export const nats = Command.make("nats").pipe(
  Command.withDescription("Outside operators: who may follow the public streams on the NATS server"),
  Command.withSubcommands([credential, config]),
)
