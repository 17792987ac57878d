/**
 * A process that holds a data folder until it is killed: `holder.ts FOLDER`.
 *
 * In: the folder. Out: a line "ready" on stdout once a row is committed in it, or "refused: ..." and exit code 1.
 */
import { Console, Effect, Layer, Option } from "effect"
import process from "node:process"
import * as Pglite from "../../../src/layers/pglite/Pglite.ts"
import { RateLimits } from "../../../src/layers/RateLimits.ts"
import { t0, worldOf } from "../../suites/StoreWorld.ts"

const folder = process.argv[2] ?? ""

const hold = Effect.gen(function* () {
  const limits = yield* RateLimits
  yield* limits.block(`${process.pid}`, t0 + 1, t0)
  yield* Console.log("ready")
  return yield* Effect.never
}).pipe(
  Effect.provide(worldOf(Pglite.layer({ dataDir: Option.some(folder) })), { local: true }),
  Effect.catch((error) => Effect.andThen(Console.log(`refused: ${error.message}`), Effect.sync(() => process.exit(1)))),
)

Layer.launch(Layer.effectDiscard(hold)).pipe(Effect.runFork)
