/**
 * `arbedge streams plan|apply|ls`: the streams and buckets on the NATS server.
 *
 * In: the settings. Out: how the server differs from what is declared; what was created or changed; what everything
 * holds and how far its readers are behind. Promises: `plan` and `ls` change nothing; exit 3 where the server is not as
 * declared (of `apply`: still not), 1 where it cannot be asked; the bus inside a process has nothing to be planned.
 */
import { Console, Effect, Option } from "effect"
import { Command } from "effect/cli"
import type { Bus, BusError } from "../../layers/Bus.ts"
import * as Backends from "../../programs/Backends.ts"
import * as Streams from "../../programs/Streams.ts"
import type { Declarations } from "../../streams/Topology.ts"
import { isUpToDate, type Plan } from "../../streams/TopologyPlan.ts"
import { checkFailed, failed, type Failure } from "./Failure.ts"
import { json } from "./Input.ts"
import * as OperatorSettings from "./OperatorSettings.ts"
import { streamTopology } from "./StreamSettings.ts"
import { listText, planText, refusedText } from "./StreamTexts.ts"

const EMBEDDED = "ARBEDGE_NATS_URL is not set: the bus is in the service's process, which makes its streams at start"

const busFailure = ({ detail, operation, reason }: BusError): Failure =>
  failed(
    `the NATS server could not be asked: ${operation}: ${reason} (${detail})`,
    "check that it runs with JetStream, that ARBEDGE_NATS_URL is right and that its user may manage streams: `arbedge doctor`",
  )

/** None: there is no server to ask, and that is told. */
const onServer = Effect.fnUntraced(function* <A>(
  ask: (declared: Declarations) => Effect.Effect<A, BusError, Bus>,
) {
  const settings = yield* OperatorSettings.read
  const declared = yield* streamTopology(settings)
  if (Option.isNone(settings.natsUrl)) {
    yield* Console.error(EMBEDDED)
    return Option.none<A>()
  }
  const answer = yield* ask(declared).pipe(
    Effect.provide(Backends.busOf(settings)),
    Effect.mapError(busFailure),
  )
  return Option.some(answer)
})

const planJson = (plan: Plan) => ({ upToDate: isUpToDate(plan), ...plan })

const plan = Command.make(
  "plan",
  { json },
  Effect.fn("Cli.streams.plan")(function* (options) {
    const found = yield* onServer(Streams.plan)
    if (Option.isNone(found)) return
    yield* Console.log(options.json ? JSON.stringify(planJson(found.value)) : planText(found.value))
    if (isUpToDate(found.value)) return
    return yield* checkFailed("the NATS server is not as declared", "`arbedge streams apply` brings it there")
  }),
).pipe(Command.withDescription("What would be created or changed on the NATS server; changes nothing"))

const apply = Command.make(
  "apply",
  { json },
  Effect.fn("Cli.streams.apply")(function* (options) {
    const applied = yield* onServer(Streams.apply)
    if (Option.isNone(applied)) return
    const { left, plan, refused } = applied.value
    if (options.json) yield* Console.log(JSON.stringify({ planned: planJson(plan), refused, left: planJson(left) }))
    else {
      const done = plan.items.filter(({ action, kind, name }) =>
        action !== "none" && left.items.some((now) => now.name === name && now.kind === kind && now.action === "none")
      )
      for (const { action, kind, name } of done) {
        yield* Console.log(`  ${action === "create" ? "created" : "changed"} ${kind} ${name}`)
      }
      if (refused.length > 0) yield* Console.log(["The server refused", ...refused.map(refusedText)].join("\n"))
      yield* Console.log(planText(left))
    }
    if (!isUpToDate(left)) return yield* checkFailed("the NATS server is still not as declared")
  }),
).pipe(Command.withDescription("Create what is missing and bring the rest up to date; removes nothing"))

const ls = Command.make(
  "ls",
  { json },
  Effect.fn("Cli.streams.ls")(function* (options) {
    const listed = yield* onServer(Streams.list)
    if (Option.isNone(listed)) return
    if (options.json) {
      const line = ({ declared, found }: Streams.Listed) => Console.log(JSON.stringify({ ...found, declared }))
      return yield* Effect.forEach(listed.value, line, { discard: true })
    }
    yield* Console.log(
      listed.value.length === 0
        ? "no stream or bucket of ArbEdge is there yet: `arbedge streams apply` makes them"
        : listText(listed.value),
    )
  }),
).pipe(Command.withDescription("What streams and buckets hold, and how far their readers are behind"))

export const streams = Command.make("streams").pipe(
  Command.withDescription("Streams and buckets on the NATS server: plan, apply, ls"),
  Command.withSubcommands([plan, apply, ls]),
)
