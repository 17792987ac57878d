/** The command line as a user meets it: the entry point in a process of its own, its output, its exit codes. */
import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { OpportunityJson } from "../../../src/domain/Opportunity.ts"
import * as TickCodec from "../../../src/domain/TickCodec.ts"
import { data, describeWith } from "../../support/available.ts"
import { quote, T0 } from "../../support/ticks.ts"

const MAIN = fileURLToPath(new URL("../../../src/main.ts", import.meta.url))
const runtimeArguments = "deno" in process.versions ? ["run", "-A"] : []

interface Run {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const arbedge = (...args: ReadonlyArray<string>): Promise<Run> =>
  new Promise((done) => {
    const options = { maxBuffer: 64 * 1024 * 1024 }
    const child = execFile(process.execPath, [...runtimeArguments, MAIN, ...args], options, (_, stdout, stderr) => {
      done({ code: child.exitCode ?? -1, stdout, stderr })
    })
  })

const folder = mkdtempSync(join(tmpdir(), "arbedge-cli-"))
afterAll(() => rmSync(folder, { recursive: true }))

const put = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const lines = [
  quote("a", "BTC/USDT", T0, ["99", "100"]),
  quote("b", "BTC/USDT", T0 + 1, ["101", "102"]),
].map((tick) => `${TickCodec.toLine(tick)}\n`).join("")
const recording = put("recording", lines)
const settings = (changes: object = {}) =>
  JSON.stringify({
    fees: { a: { taker: "0" }, b: { taker: "0" } },
    lots: {},
    staleness: null,
    minNetBps: 0,
    hysteresis: false,
    ...changes,
  })
const config = put("config.json", settings())

const objects = (stdout: string): ReadonlyArray<unknown> =>
  stdout.trimEnd().split("\n").map((line) => Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Unknown))(line))

describe("arbedge detect", () => {
  it("prints one opportunity a line, plain or gzipped, whatever the file's name, and exits 0", async () => {
    const packed = put("packed", gzipSync(lines))
    const [plain, zipped] = await Promise.all([
      arbedge("detect", recording, "--config", config, "--json"),
      arbedge("detect", packed, "--config", config, "--json"),
    ])
    assert.strictEqual(plain.code, 0, plain.stderr)
    assert.strictEqual(zipped.stdout, plain.stdout)
    const found = Schema.decodeUnknownSync(OpportunityJson)(plain.stdout.trimEnd())
    assert.deepInclude(found, { state: "closed", checks: 1, netProfit: "1", netBps: "100" })
    assert.include(plain.stderr, "a BTC/USDT: no lot rules known")
  })

  it("shows people a table", async () => {
    const { code, stdout } = await arbedge("detect", recording, "--config", config)
    assert.strictEqual(code, 0)
    assert.match(stdout, /^2 ticks, 2 checks, 1 opportunities/)
    assert.include(stdout, "a BTC/USDT")
  })

  it("names the venue that takes no part for want of a fee, and every bad line with its number", async () => {
    const odd = put("odd", `nonsense\n${lines}{"v":1}\n`)
    const poor = put("poor.json", settings({ fees: { a: { taker: "0" } } }))
    const { code, stderr, stdout } = await arbedge("detect", odd, "--config", poor, "--json")
    assert.strictEqual(code, 0)
    assert.strictEqual(stdout, "")
    assert.include(stderr, "b: takes no part, no fee is configured")
    assert.include(stderr, "2 lines refused (not_json 1, missing_field 1)")
    assert.match(stderr, /line 1: not_json/)
    assert.match(stderr, /line 4: missing_field/)
  })

  const wrong: ReadonlyArray<readonly [what: string, settings: string, path: RegExp]> = [
    ["an unknown key", settings({ feees: {} }), /feees/],
    ["a fee above 2%", settings({ fees: { a: { taker: "0.03" } } }), /fees.*a.*taker/s],
    ["a fee below -0.1%", settings({ fees: { a: { taker: "-0.002" } } }), /configuration error/],
    ["a number where decimal text belongs", settings({ maxSize: 1 }), /maxSize/],
    ["a text that is not JSON", "{", /is not JSON/],
  ]
  for (const [at, [what, text, path]] of wrong.entries()) {
    it(`refuses ${what} with its path and exits 2`, async () => {
      const { code, stderr, stdout } = await arbedge("detect", recording, "--config", put(`wrong-${at}.json`, text))
      assert.strictEqual(code, 2)
      assert.strictEqual(stdout, "")
      assert.match(stderr, path)
    })
  }

  it("exits 2 where a file is missing or a flag is unknown, and says which", async () => {
    const [missing, unknown, nothing] = await Promise.all([
      arbedge("detect", join(folder, "nowhere"), "--config", config),
      arbedge("detect", recording, "--config", config, "--colour"),
      arbedge("detect", recording),
    ])
    assert.deepStrictEqual([missing.code, unknown.code, nothing.code], [2, 2, 2])
    assert.include(missing.stderr, "does not exist")
    assert.include(unknown.stdout + unknown.stderr, "--colour")
    assert.include(nothing.stdout + nothing.stderr, "config")
  })
})

describe("arbedge edges", () => {
  it("prints one row for each ordered pair of venues as JSON, and a table for people", async () => {
    const [machine, people] = await Promise.all([
      arbedge("edges", recording, "--thresholds", "0,50", "--json"),
      arbedge("edges", recording),
    ])
    assert.strictEqual(machine.code, 0, machine.stderr)
    const [first] = objects(machine.stdout)
    assert.strictEqual(objects(machine.stdout).length, 2)
    assert.deepInclude(first, { asset: "BTC", buy: "a", sell: "b", checks: 1, max_bps: 100, above_50bps: 1 })
    assert.include(people.stdout, "no fees, no conversion")
  })

  it("exits 2 on thresholds that are no numbers, and on a corrupt file; says how far one that was cut is read", async () => {
    const whole = gzipSync(lines.repeat(50)), damaged = Uint8Array.from(whole, (byte, at) => at === 40 ? ~byte : byte)
    const [thresholds, corrupt, cut] = await Promise.all([
      arbedge("edges", recording, "--thresholds", "0,many"),
      arbedge("edges", put("damaged", damaged)),
      arbedge("edges", put("cut", whole.subarray(0, 60))),
    ])
    assert.deepStrictEqual([thresholds.code, corrupt.code, cut.code], [2, 2, 0])
    assert.include(thresholds.stderr, '"many" in --thresholds is not a number')
    assert.include(corrupt.stderr, "corrupt")
    assert.match(cut.stderr, /the file was cut: it is read up to line \d/)
  })
})

describe("arbedge edges --last", () => {
  it("compares last prices where a recording has no quotes", async () => {
    const tickers = put(
      "tickers",
      [["a", "100"], ["b", "101"]].map(([venue, last], n) =>
        JSON.stringify(
          { v: 1, venue, instrument: "BTC/JPY", venueTime: null, ingestTime: T0 + n, kind: "ticker", last },
        )
      ).join("\n"),
    )
    const [machine, people] = await Promise.all([
      arbedge("edges", tickers, "--last", "--thresholds", "50,100", "--json"),
      arbedge("edges", tickers, "--last"),
    ])
    const [row] = objects(machine.stdout)
    assert.deepInclude(row, { asset: "BTC", venue: "b", over: "a", updates: 1, apart: { "50": 1, "100": 0 } })
    assert.include(people.stdout, "Last prices")
  })
})

describe("arbedge funding", () => {
  const rates = () =>
    put(
      "rates",
      [["a", "0.001"], ["b", "-0.0005"]].map(([venue, rate]) =>
        JSON.stringify({
          v: 1,
          venue,
          instrument: "BTC/USDT:USDT",
          venueTime: T0,
          ingestTime: T0,
          kind: "funding",
          rate,
          intervalMs: 28_800_000,
          nextFundingTime: null,
          predicted: false,
        })
      ).join("\n"),
    )

  it("prints what was paid and the greatest spreads, as one object or as tables", async () => {
    const file = rates()
    const [machine, people, none] = await Promise.all([
      arbedge("funding", file, "--thresholds", "0.001,0.0015", "--json"),
      arbedge("funding", file, "--top", "0"),
      arbedge("funding", recording),
    ])
    assert.strictEqual(machine.code, 0, machine.stderr)
    assert.deepInclude(objects(machine.stdout)[0], { instants: 1, above: { "0.001": 1, "0.0015": 0 } })
    assert.include(machine.stdout, '"spread":"0.0015"')
    assert.include(people.stdout, "1 instants with two venues or more")
    assert.include(none.stdout, "No settled funding rate")
  })

  it("exits 2 on thresholds that are no numbers, and on fewer than no rows", async () => {
    const file = rates()
    const [thresholds, top] = await Promise.all([
      arbedge("funding", file, "--thresholds", "much"),
      arbedge("funding", file, "--top", "-1"),
    ])
    assert.deepStrictEqual([thresholds.code, top.code], [2, 2])
  })
})

describeWith(data, "arbedge over the recordings", () => {
  it("edges equals the golden figures, from a plain copy under another name", async () => {
    const { gunzipSync } = await import("node:zlib")
    const recordings = join(data.path, "recordings")
    const name = "binance-3venues-btc-20240808-quotes-trades.ndjson.gz"
    const copy = put("any name at all", gunzipSync(readFileSync(join(recordings, name))))
    const { code, stdout } = await arbedge("edges", copy, "--thresholds", "0,2,4,5,6,8,10", "--json")
    assert.strictEqual(code, 0)
    const Row = Schema.Record(Schema.String, Schema.Unknown)
    const found = objects(stdout).map((row) => {
      const { asset, buy, sell, ...figures } = Schema.decodeUnknownSync(Row)(row)
      return [`${asset} buy ${buy} sell ${sell}`, figures] as const
    })
    const golden = Schema.decodeUnknownSync(Schema.fromJsonString(Row))(
      readFileSync(join(recordings, "GOLDEN.json"), "utf8"),
    )
    assert.deepStrictEqual(Object.fromEntries(found), golden[name])
  })
})
