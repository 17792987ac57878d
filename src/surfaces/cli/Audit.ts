/**
 * `arbedge audit verify`: whether the audit log is as it was written.
 *
 * In: the running service. Out: how many entries are intact and the hash at their end, which one can note elsewhere and
 * compare later. Promises: exit 3 where the chain is broken, with the place.
 */
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import { checkFailed } from "./Failure.ts"
import { json } from "./Input.ts"
import { asked } from "./Users.ts"

const verify = Command.make(
  "verify",
  { json },
  Effect.fn("Cli.audit.verify")(function* (options) {
    const found = yield* asked((client) => client.VerifyAudit())
    const { broken, head, intact } = found
    yield* Console.log(
      options.json ? JSON.stringify(found) : `${intact} entries intact${head === "" ? "" : `, up to ${head}`}`,
    )
    if (broken === null) return
    return yield* checkFailed(
      `entry ${broken.sequence} of the audit log is ${broken.why}: it is not as it was written`,
      "compare it with a backup; whoever can write to the database could have done it",
    )
  }),
).pipe(Command.withDescription("Check the chain of the audit log"))

export const audit = Command.make("audit").pipe(
  Command.withDescription("The record of privileged actions: verify"),
  Command.withSubcommands([verify]),
)
