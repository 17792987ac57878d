/**
 * `arbedge explain USER OPPORTUNITY`: why one user was, or was not, told of it, layer by layer.
 *
 * In: a user by name or id, an opportunity's id. Out: what became of the notification then, and every check as of now with
 * the values compared; one JSON object with `--json`. Promises: ends with 0 where they would be told now, with 3 where not,
 * with 2 for a user or an opportunity that nobody knows.
 */
import { Console, Effect } from "effect"
import type { Checked } from "../../domain/Eligibility.ts"
import type { Settings } from "../../domain/Settings.ts"
import { EligibilityPolicy } from "../../layers/EligibilityPolicy.ts"
import * as Backends from "../../programs/Backends.ts"
import { explainTo as traced, type UserTrace } from "../../programs/UserTraces.ts"
import * as Client from "../rpc/Client.ts"
import { eligibilityRules } from "./EligibilitySettings.ts"
import { checkFailed, unreachable, usage } from "./Failure.ts"
import { storeFailure } from "./StoreFailure.ts"
import { table } from "./Table.ts"

const LAYERS: Readonly<Record<Checked["layer"], string>> = {
  1: "1 session",
  2: "2 plan",
  3: "3 wishes",
  4: "4 limits",
  5: "5 keys, risk",
  6: "6 place",
}

const time = (ms: number): string => new Date(ms).toISOString()

const value = (name: string, compared: Checked["values"][string]): string =>
  compared === null
    ? "-"
    : typeof compared === "number" && (name.endsWith("Ms") || name === "expiresAt")
    ? time(compared)
    : `${compared}`

const values = (checked: Checked): string =>
  Object.entries(checked.values).map(([name, compared]) => `${name} ${value(name, compared)}`).join(", ")

const verdict = ({ isLabel, passed, reason }: Checked): string =>
  isLabel ? `label: ${reason}` : passed ? "passed" : `refused: ${reason}`

const then = ({ fate }: UserTrace): string =>
  fate === null
    ? "then: it was never queued for them"
    : `then: ${fate.status}${fate.reason === null ? "" : ` (${fate.reason})`}, queued ${time(fate.queuedAt)}` +
      (fate.deliveredAt === null ? "" : `, delivered ${time(fate.deliveredAt)}`)

const text = (trace: UserTrace): string => {
  const { at, checks, opportunity, reason, user } = trace
  return [
    `${opportunity.id}: ${opportunity.fingerprint}, ${opportunity.state}${
      opportunity.simulated ? ", SIMULATED DATA" : ""
    }`,
    `to ${user.userId} (Telegram ${user.telegramId}, ${user.tier}, ${user.role}${user.isGroup ? ", group" : ""})`,
    then(trace),
    `now (${time(at)}): ${reason === null ? "would be told" : `would not be told: ${reason}`}`,
    "",
    table(checks.map((checked) => ({
      layer: LAYERS[checked.layer],
      check: checked.reason,
      verdict: verdict(checked),
      compared: values(checked),
    }))),
  ].join("\n")
}

const ask = Effect.fnUntraced(function* (settings: Settings, who: string, opportunityId: string) {
  if (Backends.isEmbedded(settings)) {
    return yield* Effect.mapError(
      Client.asking(Backends.dataFolder(settings), (client) => client.ExplainTo({ who, opportunityId })),
      (error) => unreachable(error.detail, error.fix),
    )
  }
  const rules = yield* eligibilityRules(settings)
  return yield* traced(who, opportunityId).pipe(
    Effect.provide(Backends.tracesOf(settings)),
    Effect.provideService(EligibilityPolicy, rules),
    Effect.mapError(storeFailure),
  )
})

export const explainTo = Effect.fn("Cli.explainTo")(
  function* (settings: Settings, { json, opportunityId, who }: {
    readonly who: string
    readonly opportunityId: string
    readonly json: boolean
  }) {
    const found = yield* ask(settings, who, opportunityId)
    if (found === "user") {
      return yield* usage(`no user "${who}" is known here`, "give @name, a Telegram id or a user id")
    }
    if (found === "opportunity") {
      return yield* usage(
        `no opportunity "${opportunityId}" was told here`,
        "give an id as it stands on a card; `arbedge explain ID` also knows what was refused before",
      )
    }
    yield* Console.log(json ? JSON.stringify(found) : text(found))
    if (found.reason !== null) return yield* checkFailed(`they would not be told now: ${found.reason}`)
  },
)
