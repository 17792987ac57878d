/** The cycles of a venue: each found once, in both directions, begun where it should be, and never too many. */
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { CycleGraph, type Loop } from "../../../src/streams/detectors/CycleGraph.ts"
import { integers } from "../../support/generators.ts"

interface Market {
  readonly instrument: { readonly base: string; readonly quote: string }
}

const market = (name: string): Market => {
  const [base = "", quote = ""] = name.split("/")
  return { instrument: { base, quote } }
}

/** Every pair of so many assets. */
const complete = (assets: number): ReadonlyArray<Market> =>
  Array.from({ length: assets }, (_, at) => Array.from({ length: at }, (_, other) => market(`A${at}/A${other}`))).flat()

const all = (markets: ReadonlyArray<Market>, longest = 3, startAssets: ReadonlyArray<string> = []) => {
  const graph = new CycleGraph<Market>(longest, startAssets)
  return markets.flatMap((one) => graph.add(one))
}

const written = (loop: Loop<Market>): string => loop.map(({ from, side, to }) => `${side} ${from}>${to}`).join(" ")

describe("The cycles of a venue", () => {
  it("are found with the last of their markets, in both directions", () => {
    const graph = new CycleGraph<Market>(3, ["USDT"])
    assert.deepStrictEqual([...graph.add(market("BTC/USDT")), ...graph.add(market("ETH/USDT"))], [])
    assert.deepStrictEqual(graph.add(market("ETH/BTC")).map(written).sort(), [
      "buy USDT>BTC buy BTC>ETH sell ETH>USDT",
      "buy USDT>ETH sell ETH>BTC sell BTC>USDT",
    ])
  })

  it("of a complete graph are as many as can be chosen, with three markets and with up to four", () => {
    // 20 triangles of 6 assets; 3 ways round each of 15 sets of four.
    assert.strictEqual(all(complete(6)).length, 2 * 20)
    assert.strictEqual(all(complete(6), 4).length, 2 * (20 + 3 * 15))
  })

  it("begin with the first preferred asset that they go through, else with the least by name", () => {
    const markets = ["B/A", "C/A", "C/B"].map(market)
    const starts = (preferred: ReadonlyArray<string>) => all(markets, 3, preferred).map(([first]) => first?.from)
    assert.deepStrictEqual(starts(["X", "C", "A"]), ["C", "C"])
    assert.deepStrictEqual(starts([]), ["A", "A"])
  })

  it("go through two markets of one pair apart, and never from one of them into the other", () => {
    const markets = ["B/A", "A/B", "C/A", "C/B"].map(market)
    assert.strictEqual(all(markets).length, 4)
    assert.deepStrictEqual(all(["B/A", "A/B", "A/A"].map(market)), [])
  })

  it("are at most 20,000, and it is said which market had to go without", () => {
    const graph = new CycleGraph<Market>(3, []), markets = complete(52)
    const found = markets.map((one) => ({ count: graph.add(one).length, leftOut: graph.leftOut }))
    assert.strictEqual(found.reduce((sum, { count }) => sum + count, 0), 2 * 20_000)
    const first = found.findIndex(({ leftOut }) => leftOut)
    assert.isAbove(first, 1_000)
    assert.isTrue(found.slice(first + 1).every(({ count }) => count === 0))
    assert.isFalse(found.slice(0, first).some(({ leftOut }) => leftOut))
  })

  it.prop(
    "do not depend on the order of the markets",
    [Arbitrary.array(integers(0, 9), { maxLength: 12 })],
    ([script]) => {
      const markets = complete(5)
      const shuffled = [...new Set([...script.map((at) => markets[at]), ...markets])].flatMap((one) => one ?? [])
      const keys = (of: ReadonlyArray<Market>) => all(of, 4, ["A2"]).map(written).sort()
      assert.deepStrictEqual(keys(shuffled), keys(markets))
    },
  )

  it.prop("are closed: each step begins where the one before ended", [integers(3, 7)], ([assets]) => {
    for (const loop of all(complete(assets), 4)) {
      for (const [at, { from }] of loop.entries()) assert.strictEqual(from, loop.at(at - 1)?.to)
      assert.strictEqual(new Set(loop.map(({ market }) => market)).size, loop.length)
      assert.strictEqual(new Set(loop.map(({ from }) => from)).size, loop.length)
    }
  })
})
