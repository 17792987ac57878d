/** Reference data under a configuration: what goes before what. */
import { assert, describe, it } from "@effect/vitest"
import * as DetectConfig from "../../src/domain/DetectConfig.ts"
import type { MarketInfo } from "../../src/domain/Feed.ts"
import { type Reference, withReference } from "../../src/domain/Reference.ts"
import { SHIPPED_LOTS } from "../../src/domain/ShippedLots.ts"
import { configOf } from "../support/ticks.ts"

const market = (changes: Partial<MarketInfo> = {}): MarketInfo => ({
  venue: "binance",
  instrument: "BTC/USDT",
  contractSize: null,
  amountStep: "0.01",
  minAmount: null,
  minNotional: "7",
  ...changes,
})
const told = (changes: Partial<Reference> = {}): Reference => ({ markets: [], networks: {}, decisions: [], ...changes })

describe("Lots", () => {
  it("that a venue told of replace the shipped ones whole, and the rest of the table stays", () => {
    const { lots } = withReference(DetectConfig.EMPTY, told({ markets: [market()] }))
    assert.deepStrictEqual(lots?.["binance"]?.["BTC/USDT"], { step: "0.01", minNotional: "7" })
    assert.deepStrictEqual(lots?.["binance"]?.["ETH/USDT"], SHIPPED_LOTS["binance"]?.["ETH/USDT"])
  })

  it("that the operator wrote go before both, and keep the shipped table out", () => {
    const config = configOf({ lots: { binance: { "BTC/USDT": { step: "1" } } } })
    const { lots } = withReference(config, told({ markets: [market(), market({ instrument: "X/USDT" })] }))
    assert.deepStrictEqual(lots, {
      binance: { "BTC/USDT": { step: "1" }, "X/USDT": { step: "0.01", minNotional: "7" } },
    })
  })

  it("of which a venue says nothing are known to be none", () => {
    const silent = market({ amountStep: null, minNotional: null })
    assert.deepStrictEqual(withReference(configOf(), told({ markets: [silent] })).lots, { binance: { "BTC/USDT": {} } })
  })
})

describe("Odd values of a venue", () => {
  it("are no limit: a lot of zero, a text, a negative contract", () => {
    const odd = market({ amountStep: "0", minAmount: "0.000", minNotional: "ten", contractSize: "-1" })
    const filled = withReference(configOf(), told({ markets: [odd] }))
    assert.deepStrictEqual([filled.lots, filled.contractSizes], [{ binance: { "BTC/USDT": {} } }, {}])
  })
})

describe("Everything else a venue or an administrator said", () => {
  it("fills in what the operator did not write", () => {
    const swap = market({ venue: "okx", instrument: "BTC/USDT:USDT", contractSize: "0.01" })
    const config = configOf({
      contractSizes: { okx: { "BTC/USDT:USDT": "0.1" } },
      networks: { okx: { X: { A: { withdraw: false, deposit: false } } } },
    })
    const network = { withdraw: true, deposit: null, fee: "1", minWithdraw: null, arrivalMs: null }
    const filled = withReference(
      config,
      told({
        markets: [swap, { ...swap, instrument: "ETH/USDT:USDT" }],
        networks: { okx: { X: { B: network }, Y: { B: network } }, kraken: { X: { B: network } } },
      }),
    )
    assert.deepStrictEqual(filled.contractSizes, { okx: { "BTC/USDT:USDT": "0.1", "ETH/USDT:USDT": "0.01" } })
    const open = { B: { withdraw: true, deposit: false, fee: "1" } }
    assert.deepStrictEqual(filled.networks, {
      okx: { X: { A: { withdraw: false, deposit: false } }, Y: open },
      kraken: { X: open },
    })
  })

  it("of a pair is heard, and the operator's own word after it", () => {
    const pair = { asset: "X", a: { venue: "a", symbol: "X" }, b: { venue: "b", symbol: "X" } }
    const config = configOf({ identities: { pairs: [{ ...pair, status: "denied" }] } })
    const { identities } = withReference(config, told({ decisions: [{ ...pair, status: "approved" }] }))
    assert.deepStrictEqual(identities.pairs.map(({ status }) => status), ["approved", "denied"])
    assert.strictEqual(identities.maxSpread, 0.5)
  })

  it("changes nothing where nobody said anything but the shipped lots", () => {
    const config = configOf({ lots: { a: { "X/Y": { step: "1" } } } })
    assert.deepStrictEqual(withReference(config, told()), config)
  })
})
