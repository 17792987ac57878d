/**
 * The `arbedge` command line: every command, one file each.
 *
 * In: arguments. Out: text or JSON on standard output, what went wrong on standard error, and an exit code by
 * Failure.ts. Promises: wrong usage is told with the command's help and ends with 2.
 */
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import { archive } from "./Archive.ts"
import { audit } from "./Audit.ts"
import { backtest } from "./Backtest.ts"
import { demo } from "./Demo.ts"
import { detect } from "./Detect.ts"
import { dlq } from "./Dlq.ts"
import { doctor } from "./Doctor.ts"
import { edges } from "./Edges.ts"
import { emulator } from "./Emulator.ts"
import { explain } from "./Explain.ts"
import { usage } from "./Failure.ts"
import { funding } from "./Funding.ts"
import { keys } from "./Keys.ts"
import { leadlag } from "./LeadLag.ts"
import { load } from "./Load.ts"
import { migrate } from "./Migrate.ts"
import { nats } from "./Nats.ts"
import { queue } from "./Queue.ts"
import { record } from "./Record.ts"
import { replay } from "./Replay.ts"
import { run as service } from "./Run.ts"
import { scorecard } from "./Scorecard.ts"
import { sessions } from "./Sessions.ts"
import { status } from "./Status.ts"
import { streams } from "./Streams.ts"
import { tiers } from "./Tiers.ts"
import { train } from "./Train.ts"
import { users } from "./Users.ts"
import { verify } from "./Verify.ts"
import { VERSION } from "./Version.ts"

const arbedge = Command.make("arbedge").pipe(
  Command.withDescription("Finds executable crypto arbitrage and brings each opportunity to the people it fits"),
  Command.withSubcommands([
    demo,
    service,
    migrate,
    doctor,
    status,
    users,
    sessions,
    tiers,
    audit,
    streams,
    queue,
    dlq,
    keys,
    nats,
    record,
    replay,
    archive,
    load,
    edges,
    funding,
    leadlag,
    detect,
    backtest,
    explain,
    verify,
    scorecard,
    train,
    emulator,
  ]),
)

/** Runs one command; wrong usage ends as a `usage` failure, already told with the command's help. */
export const run = (args: ReadonlyArray<string>) =>
  Command.runWith(arbedge, { version: VERSION })(args).pipe(
    Effect.catchTag(
      "ShowHelp",
      (shown) => shown.errors.length > 0 ? Effect.fail(usage("", "")) : Effect.void,
    ),
    Effect.tapError((error) => error.message === "" ? Effect.void : Console.error(`arbedge: ${error.message}`)),
  )
