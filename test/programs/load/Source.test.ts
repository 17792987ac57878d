/** The markets of a load run: what people may ask prices of, simulated or recorded. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fromUnknown } from "../../../src/domain/Scenario.ts"
import * as RecordingFiles from "../../../src/layers/recording/RecordingFiles.ts"
import { marketOf } from "../../../src/programs/load/Source.ts"

const quote = (venue: string, instrument: string, ingestTime: number) =>
  JSON.stringify({
    v: 1,
    venue,
    instrument,
    venueTime: ingestTime,
    ingestTime,
    kind: "quote",
    seq: null,
    bid: "10",
    bidSize: "1",
    ask: "11",
    askSize: "1",
  })

const namesOf = (source: object, resolve: (path: string) => string = (path) => path) =>
  Effect.gen(function* () {
    const scenario = yield* fromUnknown({ name: "names", durationMs: 1_000, source, users: { count: 1 } })
    const { requests } = yield* marketOf(scenario, resolve)
    return requests.map(({ instruments, venue }) => [venue, ...instruments])
  }).pipe(Effect.provide(RecordingFiles.layer))

describe("The markets that people may ask of", () => {
  it.effect("are those that a recording names at its beginning, each once", () =>
    Effect.gen(function* () {
      const path = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "arbedge-source-"))),
        (folder) => Effect.sync(() => rmSync(folder, { recursive: true })),
      )
      const lines = [
        quote("okx", "BTC/USDT", 1_000),
        quote("kraken", "ETH/USD", 1_001),
        quote("okx", "BTC/USDT", 1_002),
        quote("okx", "SOL/USDT", 1_003),
      ]
      writeFileSync(join(path, "some.ndjson"), `${lines.join("\n")}\n`)
      const names = yield* namesOf({ kind: "recordings", files: ["some.ndjson"] }, (name) => join(path, name))
      assert.deepStrictEqual(names, [["okx", "BTC/USDT", "SOL/USDT"], ["kraken", "ETH/USD"]])
    }).pipe(Effect.scoped))

  it.effect("are those of the simulator, on every venue of the scenario", () =>
    Effect.gen(function* () {
      const names = yield* namesOf({ kind: "simulator", venues: ["okx", "kraken"], assets: ["BTC", "ETH"] })
      assert.deepStrictEqual(names.map(([venue]) => venue), ["okx", "kraken"])
      for (const [, ...instruments] of names) {
        assert.deepStrictEqual([...new Set(instruments.map((name) => name.split("/")[0]))].toSorted(), ["BTC", "ETH"])
      }
    }))
})
