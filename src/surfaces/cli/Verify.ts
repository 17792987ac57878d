/**
 * `arbedge verify FILE|ID`: do the figures of opportunities follow from their evidence, to the last digit?
 *
 * In: a file of opportunities, `-` for standard input, or the id of one that was recorded. Out: a line for each, under it
 * every value that disagrees; with `--json` one object a line. Promises: one that does not hold ends with 3, a file that
 * cannot be read or holds none with 2; nothing but the evidence is used.
 */
import { Console, Effect, FileSystem, Stdio, Stream } from "effect"
import { Argument, Command } from "effect/cli"
import * as Backends from "../../programs/Backends.ts"
import { explain } from "../../programs/TrackRecords.ts"
import { type Verified, verifyOne, verifyText } from "../../programs/VerifyOpportunities.ts"
import * as Client from "../rpc/Client.ts"
import { checkFailed, type Failure, usage } from "./Failure.ts"
import { json } from "./Input.ts"
import * as OperatorSettings from "./OperatorSettings.ts"
import { recorded } from "./Recorded.ts"

const from = Argument.String("file-or-id").pipe(
  Argument.withDescription(
    "Opportunities as `arbedge detect --json` prints them (- is standard input), or the id of one",
  ),
)

const ID = /^[0-9a-f]{32}$/

const MAKE_ONE = "make one with `arbedge detect FILE --config C.json --json`"

const textOf = (path: string): Effect.Effect<string, Failure, FileSystem.FileSystem | Stdio.Stdio> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem, { stdin } = yield* Stdio.Stdio
    const text = path === "-" ? stdin.pipe(Stream.decodeText, Stream.mkString) : files.readFileString(path)
    return yield* Effect.mapError(
      text,
      (error) =>
        usage(`"${path}" cannot be read: ${error.message}`, `give the path of a file of opportunities; ${MAKE_ONE}`),
    )
  })

const verifiedFile = (path: string) =>
  Effect.gen(function* () {
    const all = yield* verifyText(yield* textOf(path)).pipe(
      Effect.catchTag("NotJson", ({ detail, line }) =>
        Effect.fail(usage(`line ${line} of "${path}" is not JSON: ${detail}`, MAKE_ONE))),
    )
    if (all.length === 0) {
      return yield* usage(`"${path}" holds no opportunity`, MAKE_ONE)
    }
    return all
  })

const verifiedId = (opportunityId: string) =>
  Effect.gen(function* () {
    const settings = yield* OperatorSettings.read
    const { opportunity } = yield* recorded(settings, {
      ofStore: explain(opportunityId),
      ofService: Client.asking(Backends.dataFolder(settings), (client) => client.Explain({ opportunityId })),
    })
    if (opportunity === null) {
      return yield* usage(
        `no opportunity "${opportunityId}" was told here`,
        "give an id as it stands on a card or in `arbedge detect --json`",
      )
    }
    return [yield* verifyOne(opportunity)]
  })

const shown = ({ faults, fingerprint, id, verified }: Verified): string =>
  [
    `${verified ? "holds" : "FAILS"}  ${id ?? "no id"}  ${fingerprint ?? "no opportunity"}`,
    ...faults.map(({ path, recomputed, told }) => `  ${path}: told ${told}, recomputed ${recomputed}`),
  ].join("\n")

export const verify = Command.make(
  "verify",
  { from, json },
  Effect.fn("Cli.verify")(function* (options) {
    const isId = ID.test(options.from) &&
      !(yield* FileSystem.FileSystem.use((files) => files.exists(options.from)).pipe(
        Effect.orElseSucceed(() => false),
      ))
    const all = yield* isId ? verifiedId(options.from) : verifiedFile(options.from)
    yield* Effect.forEach(all, (one) => Console.log(options.json ? JSON.stringify(one) : shown(one)), { discard: true })
    const failing = all.filter(({ verified }) => !verified).length
    if (failing > 0) {
      return yield* checkFailed(
        `${failing} of ${all.length} do not follow from their evidence`,
        "docs/evidence.md says how to check a figure by hand",
      )
    }
    if (!options.json) yield* Console.log(`${all.length} verified`)
  }),
).pipe(Command.withDescription("Price opportunities again from their evidence; ends with 3 where a digit differs"))
