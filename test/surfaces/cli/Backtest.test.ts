/** `arbedge backtest`: text, JSON and a page that needs nothing from anywhere. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as TickCodec from "../../../src/domain/TickCodec.ts"
import { quote, T0 } from "../../support/ticks.ts"
import { arbedge } from "./inProcess.ts"

const config = { fees: { a: { taker: "0" }, "b": { taker: "0" } }, lots: {}, minNetBps: 5 }
const ticks = [
  quote("a", "BTC/USDT", T0, ["9990", "10000"]),
  quote("b", "BTC/USDT", T0 + 1, ["10010", "10999"]),
  quote("a", "BTC/USDT", T0 + 500, ["9991", "10001"]),
  quote("b", "BTC/USDT", T0 + 600, ["10002", "10999"]),
  quote("a", "BTC/USDT", T0 + 2_000, ["9991", "10001"]),
]

const backtest = (...flags: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const folder = yield* files.makeTempDirectoryScoped()
    const recording = `${folder}/<day>.ndjson`, rules = `${folder}/c.json`, page = `${folder}/page.html`
    yield* files.writeFileString(recording, ticks.map((tick) => `${TickCodec.toLine(tick)}\n`).join(""))
    yield* files.writeFileString(rules, JSON.stringify(config))
    const ran = yield* arbedge(["backtest", recording, "--config", rules, "--out", page, ...flags])
    return { ...ran, page: yield* files.readFileString(page) }
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

describe("arbedge backtest", () => {
  it.live("tells by delay what would have been earned", () =>
    Effect.gen(function* () {
      const { code, stdout } = yield* backtest()
      assert.strictEqual(code, 0)
      assert.match(stdout, /1 opportunities, 0 kept from people/)
      assert.match(stdout, /at once +10 +USDT +1\/1 +0 +0 +1 +0/)
      assert.match(stdout, /1 s +1 +USDT +1\/1/)
      assert.match(stdout, /60 s +0 +USDT +0\/1 +0 +1 +-/)
    }))

  it.live("prints the whole report as one object with --json", () =>
    Effect.gen(function* () {
      const { stdout } = yield* backtest("--json")
      const report: unknown = JSON.parse(stdout)
      assert.deepInclude(report, { found: 1, simulated: false })
    }))

  it.live("writes a page without scripts or network, with its charts inside and the file's name escaped", () =>
    Effect.gen(function* () {
      const { page } = yield* backtest()
      assert.strictEqual(page.match(/<svg /g)?.length, 4)
      assert.notMatch(page, /<script|<link|<img|@import|url\((?!#)|href=|src=/i)
      assert.deepStrictEqual(
        [...new Set(page.match(/https?:\/\/[^"]+/g))],
        ["http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"],
      )
      const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
      assert.deepStrictEqual([...new Set(ids)], ids)
      for (const [, id] of page.matchAll(/url\(#([^)]+)\)/g)) assert.include(ids, id)
      assert.strictEqual((yield* backtest()).page.replaceAll(/\/tmp\/[^/]+/g, ""), page.replaceAll(/\/tmp\/[^/]+/g, ""))
      assert.include(page, "&lt;day&gt;.ndjson")
      assert.notInclude(page, "<day>")
      assert.notInclude(page, "SIMULATED")
    }))

  it.live("marks simulated data on the page and in the text", () =>
    Effect.gen(function* () {
      const { page, stdout } = yield* backtest("--source", "simulated")
      assert.include(page, "SIMULATED DATA")
      assert.match(stdout, /^SIMULATED DATA\./)
    }))
})
