/**
 * `arbedge explain [USER] OPPORTUNITY`: why it was told, or was not, level by level with the values compared.
 *
 * In: an opportunity's id; with a user before it ExplainTo.ts answers. Out: what it was, each verdict, and what became of it; one JSON object with `--json`. Promises:
 * an id that nobody knows ends with 2; what is still followed says so.
 */
import { Console, Effect } from "effect"
import { Argument, Command } from "effect/cli"
import type { Outcome } from "../../domain/Outcome.ts"
import type { Verdict } from "../../domain/Verdict.ts"
import * as Backends from "../../programs/Backends.ts"
import { explain as explainStored, type Explained } from "../../programs/TrackRecords.ts"
import * as Client from "../rpc/Client.ts"
import { explainTo } from "./ExplainTo.ts"
import { usage } from "./Failure.ts"
import { json } from "./Input.ts"
import * as OperatorSettings from "./OperatorSettings.ts"
import { recorded } from "./Recorded.ts"
import { table } from "./Table.ts"

const named = Argument.String("opportunity").pipe(
  Argument.withDescription(
    "Its id: 32 hexadecimal digits, as on its card and on `opp.v1.>`; or a user, and then its id",
  ),
  Argument.between(1, 2),
)

const LEVELS: Readonly<Record<Verdict["level"], string>> = {
  1: "1 market",
  2: "2 experience",
  3: "3 user",
  4: "4 model",
}

const time = (ms: number): string => new Date(ms).toISOString()

const values = (verdict: Verdict): string =>
  Object.entries(verdict.values).toSorted(([a], [b]) => a < b ? -1 : 1)
    .map(([name, value]) => `${name} ${value ?? "-"}`).join(", ")

const verdicts = (found: ReadonlyArray<Verdict>): string =>
  found.length === 0 ? "no verdict is kept" : table(found.map((verdict) => ({
    level: LEVELS[verdict.level],
    revision: verdict.revision === 0 ? "never told" : String(verdict.revision),
    verdict: verdict.passed ? "passed" : `refused: ${verdict.reason ?? "no reason"}`,
    compared: values(verdict),
    at: time(verdict.at),
    ...(verdict.userId === null ? {} : { user: verdict.userId }),
  })))

const outcome = (found: Outcome | null): string =>
  found === null ? "what became of it is not known yet: it is followed for a minute and until it ends" : [
    `lived ${found.livedMs} ms, ${
      found.silent ? "nobody was told" : "it was told"
    }; at ${found.size} units it would have brought`,
    table(found.realised.map((at) => ({
      "after ms": String(at.delayMs),
      "net bps": at.netBps ?? `none: ${at.reason ?? "unknown"}`,
      "best so far": at.bestNetBps ?? "unknown",
    }))),
  ].join("\n")

const text = ({ opportunity, opportunityId, outcome: became, verdicts: found }: Explained): string => {
  const what = opportunity === null
    ? `${opportunityId}: ${found[0]?.fingerprint ?? "unknown"}, told to nobody`
    : `${opportunityId}: ${opportunity.fingerprint}\n${opportunity.state}, detected ${
      time(opportunity.detectedAt)
    }, net ` +
      `${opportunity.netBps ?? "unknown"} bps = ${opportunity.netProfit ?? "unknown"} ${opportunity.currency}` +
      `${opportunity.simulated ? ", SIMULATED DATA" : ""}`
  return [what, "", verdicts(found), "", outcome(became)].join("\n")
}

export const explain = Command.make(
  "explain",
  { named, json },
  Effect.fn("Cli.explain")(function* ({ json, named: [first = "", second] }) {
    const settings = yield* OperatorSettings.read
    if (second !== undefined) return yield* explainTo(settings, { who: first, opportunityId: second, json })
    const options = { opportunityId: first, json }
    const found = yield* recorded(settings, {
      ofStore: explainStored(options.opportunityId),
      ofService: Client.asking(
        Backends.dataFolder(settings),
        (client) => client.Explain({ opportunityId: options.opportunityId }),
      ),
    })
    if (found.opportunity === null && found.verdicts.length === 0) {
      return yield* usage(
        `no opportunity "${options.opportunityId}" is known here`,
        "give an id as it stands on a card or in `arbedge detect --json`; verdicts are kept for 30 days",
      )
    }
    yield* Console.log(options.json ? JSON.stringify(found) : text(found))
  }),
).pipe(Command.withDescription("Why an opportunity was told or not, to anybody or to one user, and what became of it"))
