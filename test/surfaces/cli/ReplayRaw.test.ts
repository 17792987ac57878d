/** `replay --raw`: a raw recording through the command line, to a file of ticks and through the whole path. */
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, FileSystem, Layer } from "effect"
import { Command } from "effect/cli"
import { answerRow, followRow, frameRow } from "../../../src/programs/record/RawRows.ts"
import * as RecordingFiles from "../../../src/layers/recording/RecordingFiles.ts"
import { replay } from "../../../src/surfaces/cli/Replay.ts"
import { readFixture } from "../../support/venues/VenueScript.ts"

const T0 = 1_723_161_254_000
/** SHA-256 of the ticks: the same on both runtimes. */
const DIGEST = "3fc2a1c1d8e259491da2fdac81776850b685edbf43e7a8f7eb093c0434edfb98"

const program = Command.make("arbedge").pipe(Command.withSubcommands([replay]))
const arbedge = (...args: ReadonlyArray<string>) =>
  Command.runWith(program, { version: "test" })(args).pipe(
    Effect.provide(Layer.mergeAll(NodeServices.layer, RecordingFiles.layer)),
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnvRecord({})),
  )

/** Kraken's hand-made answers, then its hand-made frames, 20 ms apart. */
const recordingOf = (leaveOut?: string): string => {
  const { frames, rest } = readFixture("kraken"), venue = "kraken"
  const answers = Object.entries(rest).filter(([path]) => path !== leaveOut).map(([path, body]) =>
    answerRow({
      venue,
      method: "GET",
      url: `https://api.kraken.com${path}`,
      askedAtMs: T0,
      atMs: T0 + 1,
      status: 200,
      body: JSON.stringify(body),
    })
  )
  const url = "wss://ws.kraken.com/v2"
  const rows = [
    followRow({ venue, instruments: ["BTC/USD"], kinds: ["quote", "book", "trade"], depth: 10 }, T0),
    ...answers,
    ...frames.map(({ text }, n) =>
      frameRow({ venue, direction: "recv", url, text, atMs: T0 + 20 * (n + 1) }, "kraken.ws.1")
    ),
    frameRow({ venue, direction: "recv", url, text: "{", atMs: T0 + 5_000 }, "kraken.ws.1"),
  ]
  return rows.map((row) => `${row}\n`).join("")
}

const folderWith = Effect.fnUntraced(function* (raw: string) {
  const files = yield* FileSystem.FileSystem
  const folder = yield* files.makeTempDirectoryScoped({ prefix: "arbedge-replay-raw-" })
  yield* files.writeFileString(`${folder}/raw.ndjson`, raw)
  return folder
}, Effect.provide(NodeServices.layer))

const textOf = (path: string) => readFileSync(path, "utf8")

describe("arbedge replay --raw", () => {
  it.live(
    "gives the same ticks on every runtime, and the same opportunities as those ticks",
    () =>
      Effect.gen(function* () {
        const folder = yield* folderWith(recordingOf())
        const raw = `${folder}/raw.ndjson`, ticks = `${folder}/ticks.ndjson`
        yield* arbedge("replay", raw, "--raw", "--ticks", ticks, "--json")
        const lines = textOf(ticks).trimEnd().split("\n")
        assert.isAbove(lines.length, 5)
        assert.strictEqual(createHash("sha256").update(textOf(ticks)).digest("hex"), DIGEST)
        yield* arbedge("replay", raw, "--raw", "--opportunities", `${folder}/of-raw.ndjson`, "--json")
        yield* arbedge("replay", ticks, "--opportunities", `${folder}/of-ticks.ndjson`, "--json")
        assert.strictEqual(textOf(`${folder}/of-raw.ndjson`), textOf(`${folder}/of-ticks.ndjson`))
      }),
    60_000,
  )

  it.live("names the request that the recording has no answer to", () =>
    Effect.gen(function* () {
      const folder = yield* folderWith(recordingOf("/0/public/AssetPairs"))
      const failure = yield* Effect.flip(arbedge("replay", `${folder}/raw.ndjson`, "--raw", "--json"))
      assert.include(failure.message, "kraken is asked GET /0/public/AssetPairs")
    }), 180_000)
})
