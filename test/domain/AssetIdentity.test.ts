/** Asset identity: pairs whichever way they are named, what the curated map and administrators say of them. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as AssetIdentity from "../../src/domain/AssetIdentity.ts"

const config = Schema.decodeUnknownSync(AssetIdentity.IdentityConfig)
const at = (venue: string, symbol: string) => ({ venue, symbol })
const compare = (of: unknown, asset: string, one: string, other: string) =>
  new AssetIdentity.Identities(config(of)).compare(AssetIdentity.pairOf(asset, at(one, asset), at(other, asset)))

describe("Two symbols of one asset", () => {
  it("are one pair whichever is named first", () => {
    const one = AssetIdentity.pairOf("X", at("okx", "X"), at("binance", "X"))
    assert.deepStrictEqual(one, AssetIdentity.pairOf("X", at("binance", "X"), at("okx", "X")))
    assert.strictEqual(AssetIdentity.pairKey(one), "binance|X~okx|X")
  })

  it("are verified where the curated map has asset and venues, else unknown", () => {
    assert.deepStrictEqual(compare({}, "BTC", "okx", "kraken"), { status: "verified", bound: 0.5 })
    assert.deepStrictEqual(compare({}, "BTC", "okx", "somewhere"), { status: "unknown", bound: 0.5 })
    assert.deepStrictEqual(compare({}, "NEIRO", "okx", "kraken"), { status: "unknown", bound: 0.5 })
  })

  it("are what was decided of them, before the curated map and in either order, with the bound of their asset", () => {
    const pairs = [{ asset: "BTC", a: at("okx", "BTC"), b: at("kraken", "BTC"), status: "denied" }]
    assert.strictEqual(compare({ pairs }, "BTC", "kraken", "okx").status, "denied")
    assert.strictEqual(compare({ pairs }, "BTC", "binance", "okx").status, "verified")
    assert.strictEqual(compare({ maxSpread: 0.2, bounds: { ETH: 3 } }, "ETH", "a", "b").bound, 3)
    assert.strictEqual(compare({ maxSpread: 0.2, bounds: { ETH: 3 } }, "BTC", "a", "b").bound, 0.2)
  })
})

describe("A symbol", () => {
  it("stands for what its venue means by it", () => {
    assert.strictEqual(AssetIdentity.assetOf("binanceusdm", "LUNA2"), "LUNA")
    assert.strictEqual(AssetIdentity.assetOf("kraken", "LUNA2"), "LUNA2")
    assert.strictEqual(AssetIdentity.assetOf("binanceusdm", "BTC"), "BTC")
  })
})
