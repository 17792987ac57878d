/** The reading commands within this process: what they print, and how each failure is told. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Command } from "effect/cli"
import { TestConsole } from "effect/testing"
import * as RecordingFiles from "../../../src/layers/recording/RecordingFiles.ts"
import * as TickCodec from "../../../src/domain/TickCodec.ts"
import { detect } from "../../../src/surfaces/cli/Detect.ts"
import { edges } from "../../../src/surfaces/cli/Edges.ts"
import { leadlag } from "../../../src/surfaces/cli/LeadLag.ts"
import { checkFailed, failed, unreachable, usage } from "../../../src/surfaces/cli/Failure.ts"
import { table } from "../../../src/surfaces/cli/Table.ts"
import { gap, quote, T0 } from "../../support/ticks.ts"
import { told, type Walk, walk } from "../../support/walks.ts"

const folder = mkdtempSync(join(tmpdir(), "arbedge-commands-"))
afterAll(() => rmSync(folder, { recursive: true }))
const put = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const ticks = [
  quote("a", "BTC/USDT", T0, ["99", "100"]),
  quote("b", "BTC/USDT", T0 + 1, ["101", "102"]),
  quote("c", "BTC/USD:BTC", T0 + 2, ["101", "102"]),
  quote("d", "BTC/USDT:USDT", T0 + 3, ["101", "101"]),
  gap("b", "BTC/USDT", T0 + 4),
]
const bad = Array.from({ length: 7 }, () => "nonsense\n").join("")
const recording = put("recording", ticks.map((tick) => `${TickCodec.toLine(tick)}\n`).join("") + bad)
const fees = Object.fromEntries([..."acd"].map((venue) => [venue, { taker: "0" }]))
const config = put("config.json", JSON.stringify({ fees, lots: {}, staleness: null, minNetBps: 0, hysteresis: false }))

const program = Command.make("arbedge").pipe(Command.withSubcommands([detect, edges, leadlag]))

const lines = (all: ReadonlyArray<unknown>) => all.map(String).join("\n")

const run = (...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const result = yield* Effect.result(Command.runWith(program, { version: "test" })(args))
    return { result, out: lines(yield* TestConsole.logLines), err: lines(yield* TestConsole.errorLines) }
  }).pipe(Effect.provide(Layer.mergeAll(NodeServices.layer, RecordingFiles.layer)))

describe("detect", () => {
  it.effect("tells all that took no part or was assumed, and the first bad lines of many", () =>
    Effect.gen(function* () {
      const { err, out, result } = yield* run("detect", recording, "--config", config)
      assert.strictEqual(result._tag, "Success")
      assert.match(out, /^5 ticks, \d+ checks, 0 opportunities/)
      for (
        const line of [
          "7 lines refused (not_json 7)",
          "line 6: not_json",
          "... and 2 more",
          "c BTC/USD:BTC: takes no part, its contract size is unknown",
          "d BTC/USDT:USDT: no table knows its contract size",
          "a BTC/USDT: no lot rules known",
          "b: takes no part, no fee is configured",
          "refused ticks: crossed_book 1",
        ]
      ) assert.include(err, line)
    }))

  it.effect("shows people what stood in the recording", () =>
    Effect.gen(function* () {
      const both = put("both.json", JSON.stringify({ fees: { a: { taker: "0" }, b: { taker: "0" } }, minNetBps: 1 }))
      const { out } = yield* run("detect", recording, "--config", both)
      assert.match(out, /1 opportunities/)
      assert.match(out, /a BTC\/USDT +b BTC\/USDT +1 +100 +1 USDT/)
    }))

  it.effect("shows a cycle by its way round", () =>
    Effect.gen(function* () {
      const cycle = [
        quote("a", "ETH/USDT", T0, ["1999", "2000"]),
        quote("a", "ETH/BTC", T0, ["0.05", "0.06"]),
        quote("a", "BTC/USDT", T0, ["41000", "42000"]),
      ]
      const file = put("cycle", cycle.map((tick) => `${TickCodec.toLine(tick)}\n`).join(""))
      const triangular = put("triangular.json", JSON.stringify({ fees, lots: {}, detectors: ["triangular"] }))
      const { out } = yield* run("detect", file, "--config", triangular)
      assert.match(out, /USDT +a USDT → ETH → BTC → USDT +2000 +250 +50 USDT/)
    }))

  it.effect("refuses a configuration with the path of its fault", () =>
    Effect.gen(function* () {
      const wrong = put("wrong.json", JSON.stringify({ fees: { a: { taker: "0.5" } } }))
      const { result } = yield* run("detect", recording, "--config", wrong)
      assert.strictEqual(result._tag, "Failure")
      if (result._tag === "Failure") assert.match(result.failure.message, /\["fees"\]\["a"\]\["taker"\]/)
    }))
})

describe("edges", () => {
  it.effect("prints a table for people and names instruments where a venue has several", () =>
    Effect.gen(function* () {
      const { out } = yield* run("edges", recording)
      assert.include(out, "Raw edges at best level")
      assert.match(out, /BTC +a +b/)
    }))

  it.effect("says that there is nothing to compare", () =>
    Effect.gen(function* () {
      const { out } = yield* run("edges", put("one", `${TickCodec.toLine(quote("a", "BTC/USDT", T0, ["1", "2"]))}\n`))
      assert.include(out, "No two venues quote the same asset")
    }))

  it.effect("fails with what to do where the recording is not there", () =>
    Effect.gen(function* () {
      const { result } = yield* run("edges", join(folder, "nowhere"))
      assert.strictEqual(result._tag, "Failure")
      if (result._tag === "Failure") assert.match(result.failure.message, /does not exist\n {2}-> give the path/)
    }))
})

describe("leadlag", () => {
  const quotes = (venue: string, prices: Walk) =>
    prices.map(([at, price]) => quote(venue, "BTC/USDT", T0 + at, [String(price - 0.01), String(price + 0.01)]))
  const prices = walk(3, 3_000, 60)
  const followed = [...quotes("okx", told(prices, 1, 40, 0)), ...quotes("kraken", told(prices, 2, 40, 700))]
    .toSorted((a, b) => a.ingestTime - b.ingestTime)
  const file = put("followed", followed.map((tick) => `${TickCodec.toLine(tick)}\n`).join(""))

  it.effect("says who moves first and by how much, to people", () =>
    Effect.gen(function* () {
      const { out } = yield* run("leadlag", file, "--step", "100ms", "--max-lag", "1s")
      assert.match(out, /kraken BTC\/USDT +okx BTC\/USDT +\d+ +-?0\.\d{4} +[01]\.\d{4} +-700 +0\.\d\d +okx/)
    }))

  it.effect("says it to programs, one object an instrument", () =>
    Effect.gen(function* () {
      const { out } = yield* run("leadlag", file, "--step", "100ms", "--json")
      const { pairs: [pair], type } = JSON.parse(out)
      assert.deepStrictEqual([type, pair.leader, pair.lagMs], ["correlation", "b", -700])
    }))

  it.effect("says that there is nothing to compare, and refuses lags without number", () =>
    Effect.gen(function* () {
      const { out } = yield* run(
        "leadlag",
        put("lone", `${TickCodec.toLine(quote("a", "BTC/USDT", T0, ["1", "2"]))}\n`),
      )
      assert.include(out, "No two markets of one asset")
      const { result } = yield* run("leadlag", file, "--step", "1ms", "--max-lag", "1h")
      assert.strictEqual(result._tag, "Failure")
      if (result._tag === "Failure") assert.match(result.failure.message, /more than 2000 lags\n {2}-> give a wider/)
    }))
})

describe("Failures", () => {
  it("carry what happened and what to do, if anything can be done", () => {
    assert.strictEqual(usage("a", "b").message, "a\n  -> b")
    assert.strictEqual(failed("a").message, "a")
    assert.deepStrictEqual([checkFailed("a").kind, unreachable("a", "b").kind], ["check", "unreachable"])
  })
})

describe("A table", () => {
  it("sets numbers to the right and texts to the left", () => {
    assert.strictEqual(
      table([{ name: "a", n: "1" }, { name: "bcd", n: "10.5" }]),
      ["name     n", "----  ----", "a        1", "bcd   10.5"].join("\n"),
    )
  })
})
