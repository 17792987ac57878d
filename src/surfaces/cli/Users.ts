/**
 * `arbedge users list|show|set`: users of the running service, and what an operator changes of them.
 *
 * In: names or ids. Out: rows or one user; with `--json` one object a line. Promises: it asks the service and never opens
 * its folder; each change is in the audit log; somebody nobody knows ends with 2.
 */
import { Clock, Console, Effect, type FileSystem, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { ListedUser } from "../../domain/Directory.ts"
import { Role, Tier } from "../../domain/Tier.ts"
import * as Backends from "../../programs/Backends.ts"
import type { Change } from "../../programs/Administration.ts"
import * as Client from "../rpc/Client.ts"
import { failed, type Failure, unreachable, usage } from "./Failure.ts"
import { json } from "./Input.ts"
import * as OperatorSettings from "./OperatorSettings.ts"
import { table } from "./Table.ts"

const DAY_MS = 86_400_000

/** Asks the service of this data folder. */
export const asked = <A>(
  call: Parameters<typeof Client.asking<A>>[1],
): Effect.Effect<A, Failure, FileSystem.FileSystem> =>
  Effect.flatMap(OperatorSettings.read, (settings) =>
    Effect.mapError(
      Client.asking(Backends.dataFolder(settings), call),
      (error) => unreachable(error.detail, error.fix),
    ))

/** To the minute, in UTC. */
export const instant = (ms: number | null): string =>
  ms === null ? "-" : new Date(ms).toISOString().slice(0, 16).replace("T", " ")

const shown = (user: ListedUser): Readonly<Record<string, string>> => ({
  id: user.telegramId,
  name: user.username === null ? user.firstName ?? "-" : `@${user.username}`,
  tier: user.tier,
  role: user.role,
  "beta until": instant(user.betaUntil),
  "session until": instant(user.sessionExpiresAt),
  "last seen": instant(user.lastSeenAt),
  reachable: user.isActive ? "yes" : "no",
})

const told = (users: ReadonlyArray<ListedUser>, asJson: boolean) =>
  asJson
    ? Effect.forEach(users, (user) => Console.log(JSON.stringify(user)), { discard: true })
    : Console.log(users.length === 0 ? "nobody" : table(users.map(shown)))

const who = Argument.String("user").pipe(Argument.withDescription("@name, Telegram id or user id"))

const unknown = (name: string) =>
  usage(`nobody here goes by "${name}"`, "give a @name, a Telegram id or a user id: `arbedge users list`")

const list = Command.make(
  "list",
  {
    role: Flag.Literals("role", Role.literals).pipe(Flag.withDescription("Only these"), Flag.optional),
    tier: Flag.Literals("tier", Tier.literals).pipe(Flag.withDescription("Only these"), Flag.optional),
    limit: Flag.Int("limit").pipe(Flag.withDescription("How many, 1 to 1,000"), Flag.withDefault(50)),
    json,
  },
  Effect.fn("Cli.users.list")(function* ({ json, limit, role, tier }) {
    if (limit < 1 || limit > 1_000) return yield* usage(`--limit ${limit} is not between 1 and 1,000`, "correct it")
    const filter = { role: Option.getOrNull(role), tier: Option.getOrNull(tier), limit }
    yield* told(yield* asked((client) => client.ListUsers(filter)), json)
  }),
).pipe(Command.withDescription("Users, those seen last first"))

const show = Command.make(
  "show",
  { who, json },
  Effect.fn("Cli.users.show")(function* ({ json, who }) {
    const found = yield* asked((client) => client.FindUser({ who }))
    if (found === null) return yield* unknown(who)
    yield* told([found], json)
  }),
).pipe(Command.withDescription("One user"))

const set = Command.make(
  "set",
  {
    who,
    tier: Flag.Literals("tier", Tier.literals).pipe(Flag.withDescription("Their plan"), Flag.optional),
    role: Flag.Literals("role", Role.literals).pipe(Flag.withDescription("Their role"), Flag.optional),
    betaDays: Flag.Int("beta-days").pipe(
      Flag.withDescription("Beta access for so many days from now; 0 ends it"),
      Flag.optional,
    ),
    json,
  },
  Effect.fn("Cli.users.set")(function* ({ betaDays, json, role, tier, who }) {
    const nowMs = yield* Clock.currentTimeMillis
    const changes: ReadonlyArray<Change> = [
      ...Option.match(tier, { onNone: () => [], onSome: (to) => [{ what: "tier", to } as const] }),
      ...Option.match(role, { onNone: () => [], onSome: (to) => [{ what: "role", to } as const] }),
      ...Option.match(betaDays, {
        onNone: () => [],
        onSome: (days) => [{ what: "beta", to: days <= 0 ? null : nowMs + days * DAY_MS } as const],
      }),
    ]
    if (changes.length === 0) return yield* usage("nothing is to be changed", "give --tier, --role or --beta-days")
    for (const change of changes) {
      const { unchanged } = yield* asked((client) => client.ChangeUser({ who, change }))
      if (unchanged === "unknown_user") return yield* unknown(who)
      if (unchanged !== null) return yield* failed(`${change.what} was not changed: ${unchanged}`)
    }
    const user = yield* asked((client) => client.FindUser({ who }))
    yield* told(user === null ? [] : [user], json)
  }),
).pipe(Command.withDescription("Change a user's plan, role or beta access; effective at their next call"))

export const users = Command.make("users").pipe(
  Command.withDescription("Users of the running service: list, show, set"),
  Command.withSubcommands([list, show, set]),
)
