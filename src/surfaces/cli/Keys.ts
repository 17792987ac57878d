/**
 * `arbedge keys new|status|rotate`: the master keys that seal what users entrust.
 *
 * In: the running service. Out: a new key as it is written in settings; what each key holds; a rotation with its
 * progress. Promises: only `new` prints a key, on standard output alone; a rotation that is cut short is taken up by the
 * next; exit 3 where something stays under another key than the current one.
 */
import { Console, Effect, Redacted, Schedule } from "effect"
import { Command } from "effect/cli"
import { SEALED_START, type SealedBatch, type SealedCursor } from "../../layers/SealedRecords.ts"
import * as Backends from "../../programs/Backends.ts"
import { idle, left, lost, type MasterKeyState, newMasterKey } from "../../programs/KeyRotation.ts"
import * as Client from "../rpc/Client.ts"
import { checkFailed, failed, unreachable } from "./Failure.ts"
import { json } from "./Input.ts"
import * as OperatorSettings from "./OperatorSettings.ts"
import * as Progress from "./Progress.ts"
import { table } from "./Table.ts"

/** Walks over everything until nothing changes any more: what was written meanwhile may be under an old key. */
const MOST_WALKS = 5

/** A service that is busy for a moment is asked again. */
const patiently = Schedule.spaced("1 second").pipe(Schedule.upTo({ times: 10 }))

const asked = Effect.fnUntraced(function* <A>(call: Parameters<typeof Client.asking<A>>[1]) {
  const settings = yield* OperatorSettings.read
  return yield* Client.asking(Backends.dataFolder(settings), call).pipe(
    Effect.retry({ while: ({ reason }) => reason === "no_answer", schedule: patiently }),
    Effect.mapError((error) => unreachable(error.detail, error.fix)),
  )
})

const stateOf = (anew: boolean) => asked((client) => client.MasterKeys({ anew }))

const shown = (state: MasterKeyState): string => {
  const ids = [...new Set([...state.known, ...state.sealed.map(({ masterKeyId }) => masterKeyId)])]
  if (ids.length === 0) return "no master key is set, and nothing is sealed"
  return table(ids.map((id) => ({
    "master key": id,
    is: id === state.current ? "current" : state.known.includes(id) ? "old" : "NOT THERE",
    sealed: String(state.sealed.find(({ masterKeyId }) => masterKeyId === id)?.records ?? 0),
  })))
}

const create = Command.make(
  "new",
  {},
  Effect.fn("Cli.keys.new")(function* () {
    yield* Console.log(Redacted.value(yield* newMasterKey))
    yield* Console.error(
      "put it first in ARBEDGE_MASTER_KEYS or in the key file, before those there are; keep a copy apart",
    )
  }),
).pipe(Command.withDescription("Print a new master key, as it is written in settings"))

const status = Command.make(
  "status",
  { json },
  Effect.fn("Cli.keys.status")(function* (options) {
    const state = yield* stateOf(false)
    yield* Console.log(options.json ? JSON.stringify(state) : shown(state))
  }),
).pipe(Command.withDescription("What is sealed under which master key"))

/** One walk over all sealed rows. */
const walk = Effect.fnUntraced(function* (told: (rewrapped: number) => Effect.Effect<void>) {
  let cursor: SealedCursor | null = SEALED_START, rewrapped = 0, tampered = 0
  while (cursor !== null) {
    const here: SealedCursor = cursor
    const batch: SealedBatch = yield* asked((client) => client.RewrapKeys({ cursor: here }))
    rewrapped += batch.rewrapped
    tampered += batch.tampered
    cursor = batch.next
    yield* told(rewrapped)
  }
  return { rewrapped, tampered }
})

const rotate = Command.make(
  "rotate",
  { json },
  Effect.fn("Cli.keys.rotate")(function* (options) {
    const before = yield* stateOf(true)
    if (before.current === null) return yield* failed("the service has no master key", Backends.NO_MASTER_KEY)
    const total = left(before), progress = yield* Progress.make("rewrapping")
    let rewrapped = 0, tampered = 0, after = before
    for (let walks = 0; walks < MOST_WALKS && left(after) > 0; walks++) {
      const done = yield* walk((now) =>
        progress.show(Math.min(1, (rewrapped + now) / Math.max(1, total)), `${rewrapped + now} of ${total}`)
      )
      rewrapped += done.rewrapped
      tampered = done.tampered
      after = yield* stateOf(false)
      if (done.rewrapped === 0) break
    }
    yield* progress.done
    const removable = idle(after), gone = lost(after)
    yield* Console.log(
      options.json ? JSON.stringify({ ...after, rewrapped, tampered, left: left(after), removable }) : [
        `${rewrapped} rewrapped under ${after.current}`,
        shown(after),
        ...removable.length === 0 ? [] : [`can be removed: ${removable.join(", ")}`],
      ].join("\n"),
    )
    if (gone.length > 0) {
      return yield* checkFailed(
        `${gone.reduce((sum, { records }) => sum + records, 0)} rows are sealed under ${
          gone.map(({ masterKeyId }) => masterKeyId).join(", ")
        }, which the service does not have; they are left as they are`,
        "add those keys again behind the current one, and rotate again; or let their users add the keys anew",
      )
    }
    if (tampered > 0) {
      return yield* checkFailed(`${tampered} rows do not open: they were changed outside of ArbEdge`, "restore them")
    }
    if (left(after) > 0) {
      return yield* checkFailed(
        `${left(after)} rows were sealed under an old key meanwhile`,
        "give every process the new key first, then rotate again",
      )
    }
  }),
).pipe(Command.withDescription("Bring everything sealed under the current master key, while the service works"))

export const keys = Command.make("keys").pipe(
  Command.withDescription("The master keys that seal what users entrust"),
  Command.withSubcommands([create, status, rotate]),
)
