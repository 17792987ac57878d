/**
 * What a fiber costs that waits often: nothing it would hold on to. True of the test process as of the product, since
 * both begin with the same module.
 */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { collectGarbage, look } from "../../src/programs/load/Resources.ts"

const WAITS = 50_000
/** Before, each wait left 440 bytes behind: 21 MiB. */
const AT_MOST_MIB = 4

it.live("a fiber that waited 50,000 times holds nothing of its past", () =>
  Effect.gen(function* () {
    const wait = Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))
    const heapMiB = Effect.sync(() => {
      collectGarbage()
      return look().heapMiB
    })
    yield* wait
    const before = yield* heapMiB
    for (let waited = 0; waited < WAITS; waited++) yield* wait
    assert.isBelow((yield* heapMiB) - before, AT_MOST_MIB)
  }))
