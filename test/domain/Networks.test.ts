/** Networks: one chain under all its names, and the open ways between two venues. */
import { assert, describe, it } from "@effect/vitest"
import * as Networks from "../../src/domain/Networks.ts"

const open = (fee?: string, arrivalMs?: number): Networks.NetworkTerms => ({
  withdraw: true,
  deposit: true,
  ...(fee === undefined ? {} : { fee }),
  ...(arrivalMs === undefined ? {} : { arrivalMs }),
})

describe("A chain", () => {
  it("is one under every name that venues give it", () => {
    for (
      const names of [["ETH", "ERC20", "erc20", "Ethereum"], ["TRX", "TRC20"], ["BEP20", "BSC"], ["BTC", "Bitcoin"]]
    ) {
      assert.strictEqual(new Set(names.map(Networks.chainOf)).size, 1, names.join())
    }
  })

  it("is never taken for another: a layer above it, a token standard beside it, one we do not know", () => {
    const names = [
      "ERC20",
      "ARBITRUM",
      "BASE",
      "OPTIMISM",
      "BTC",
      "BTCLIGHTNING",
      "BRC20",
      "AVAXC",
      "AVAXX",
      "NEWCHAIN",
    ]
    assert.strictEqual(new Set(names.map(Networks.chainOf)).size, names.length)
    assert.strictEqual(Networks.chainOf(" newChain "), "NEWCHAIN")
  })
})

describe("The ways between two venues", () => {
  it("are open for withdrawal here and for deposit there, the cheapest first, then the fastest", () => {
    const ways = Networks.ways(
      {
        X: {
          ERC20: open("2", 60_000),
          TRC20: open("1"),
          SOL: open("1", 5_000),
          BEP20: { ...open("0"), withdraw: false },
        },
      },
      { X: { ETH: open("9", 90_000), TRX: open("9"), SOL: open(), BSC: open("9") } },
      "X",
    )
    assert.deepStrictEqual(ways.map(({ arrivalMs, fee, network }) => [network, fee, arrivalMs]), [
      ["SOLANA", "1", 5_000],
      ["TRON", "1", null],
      ["ETHEREUM", "2", 90_000],
    ])
  })

  it("are none where nobody says so", () => {
    const known = { X: { ERC20: open("1") } }
    for (
      const [source, target, currency] of [
        [undefined, known, "X"],
        [known, undefined, "X"],
        [known, known, "Y"],
        [{ X: { ERC20: open() } }, known, "X"],
      ] as const
    ) assert.deepStrictEqual(Networks.ways(source, target, currency), [])
  })

  it("are closed where the venue does not say whether they are open", () => {
    const silent = { withdraw: null, deposit: null, fee: "1", minWithdraw: null, arrivalMs: null }
    assert.deepStrictEqual(Networks.stated({ X: { ERC20: silent } }), {
      X: { ERC20: { withdraw: false, deposit: false, fee: "1" } },
    })
    const odd = { ...silent, withdraw: true, fee: "-1", minWithdraw: "much" }
    assert.deepStrictEqual(Networks.stated({ X: { A: odd } }), { X: { A: { withdraw: true, deposit: false } } })
    assert.deepStrictEqual(
      Networks.stated({ X: { A: { withdraw: true, deposit: true, fee: null, minWithdraw: "1", arrivalMs: 3 } } }),
      { X: { A: { withdraw: true, deposit: true, minWithdraw: "1", arrivalMs: 3 } } },
    )
  })
})
