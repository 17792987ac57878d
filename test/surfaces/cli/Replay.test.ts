/** What `replay` and `record` refuse: each as wrong usage (exit 2), with the place of the mistake. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer } from "effect"
import { Command } from "effect/cli"
import * as RecordingFiles from "../../../src/layers/recording/RecordingFiles.ts"
import { record } from "../../../src/surfaces/cli/Record.ts"
import { replay } from "../../../src/surfaces/cli/Replay.ts"

const folder = mkdtempSync(join(tmpdir(), "arbedge-replay-cli-"))
afterAll(() => rmSync(folder, { recursive: true }))
const put = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const program = Command.make("arbedge").pipe(Command.withSubcommands([record, replay]))
const empty = put("empty.ndjson", "")
const faults = (value: unknown) => put("faults.json", JSON.stringify(value))

/** The failure's kind, and all that is said. */
const refusal = (...args: ReadonlyArray<string>) =>
  Effect.flip(Command.runWith(program, { version: "test" })(args)).pipe(
    Effect.map((error) => ({ kind: error._tag === "Failure" ? error.kind : error._tag, said: error.message })),
    Effect.provide(Layer.mergeAll(NodeServices.layer, RecordingFiles.layer)),
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnvRecord({})),
  )

const cases: ReadonlyArray<readonly [what: string, args: () => ReadonlyArray<string>, said: ReadonlyArray<string>]> = [
  ["a rate above one", () => ["replay", empty, "--fault", "gap:2"], [`--fault gap:2`, `["faults"][0]["rate"]`]],
  ["a fault nobody knows", () => ["replay", empty, "--fault", "meteor:1"], [`["faults"][0]`]],
  [
    "a key of a fault file that means nothing",
    () => ["replay", empty, "--faults", faults({ faults: [{ kind: "disconnect", everyMs: 5, lenght: 3 }] })],
    ["faults.json", `["faults"][0]["lenght"]`],
  ],
  ["a fault file that is no JSON", () => ["replay", empty, "--faults", put("no.json", "{")], ["no.json", "not JSON"]],
  ["a point that is none", () => ["replay", empty, "--from", "soon"], ["--from", `"soon" is neither`]],
  ["a kind of tick that is none", () => ["replay", empty, "--kinds", "quote,quotes"], [`"quotes" is no kind of tick`]],
  ["a speed that is none", () => ["replay", empty, "--speed", "-3"], [`"-3" is no speed`]],
  ["a folder without recordings", () => ["replay", mkdtempSync(join(folder, "none-"))], ["no recording"]],
  ["a bus nobody else can reach", () => ["replay", empty, "--to", "bus"], ["ARBEDGE_NATS_URL"]],
  ["ticks into the file that is read", () => ["replay", empty, "--ticks", empty], ["is what is played"]],
  [
    "faults where ticks are only written",
    () => ["replay", empty, "--ticks", join(folder, "t"), "--fault", "gap:0.1"],
    ["--ticks"],
  ],
  ["raw frames of the bus", () => ["record", "--out", join(folder, "r"), "--raw"], ["--from venues"]],
  ["a rotation that is none", () => ["record", "--out", join(folder, "r"), "--rotate", "100"], ["--rotate", "100MB"]],
  ["a file that exists", () => ["record", "--out", empty], [`empty.ndjson" exists`, "--overwrite"]],
]

describe("The command line refuses", () => {
  for (const [what, args, parts] of cases) {
    it.effect(what, () =>
      Effect.gen(function* () {
        const { kind, said } = yield* refusal(...args())
        assert.strictEqual(kind, "usage", said)
        for (const part of parts) assert.include(said, part)
      }))
  }
})
