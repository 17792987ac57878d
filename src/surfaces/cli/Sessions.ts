/**
 * `arbedge sessions`: the sessions that last, those with the latest activity first.
 *
 * In: the running service. Out: one row a session; with `--json` one object a line. Promises: no session's id or token is
 * told.
 */
import { Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { usage } from "./Failure.ts"
import { json } from "./Input.ts"
import { table } from "./Table.ts"
import { asked, instant } from "./Users.ts"

export const sessions = Command.make(
  "sessions",
  { limit: Flag.Int("limit").pipe(Flag.withDescription("How many, 1 to 1,000"), Flag.withDefault(50)), json },
  Effect.fn("Cli.sessions")(function* ({ json, limit }) {
    if (limit < 1 || limit > 1_000) return yield* usage(`--limit ${limit} is not between 1 and 1,000`, "correct it")
    const found = yield* asked((client) => client.ListSessions({ limit }))
    if (json) return yield* Effect.forEach(found, (each) => Console.log(JSON.stringify(each)), { discard: true })
    yield* Console.log(
      found.length === 0 ? "no session is active" : table(found.map((session) => ({
        id: session.telegramId,
        name: session.username === null ? "-" : `@${session.username}`,
        started: instant(session.startedAt),
        "last activity": instant(session.lastActivityAt),
        until: instant(session.expiresAt),
      }))),
    )
  }),
).pipe(Command.withDescription("Active sessions of the running service"))
