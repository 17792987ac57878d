/**
 * Reference data: which symbols are suspected of being different assets, and what venues said of their networks.
 */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { pairOf, type Suspicion } from "../../src/domain/AssetIdentity.ts"
import type { CurrencyNetwork } from "../../src/domain/Networks.ts"
import { AssetIdentities } from "../../src/layers/AssetIdentities.ts"
import { Outbox, type OutboxFact } from "../../src/layers/Outbox.ts"
import { ReferenceData } from "../../src/layers/ReferenceData.ts"
import { Store } from "../../src/layers/Store.ts"
import { empty, type Suite, t0 } from "./StoreWorld.ts"

const neiro = pairOf("NEIRO", { venue: "okx", symbol: "NEIRO" }, { venue: "binance", symbol: "NEIRO" })
const suspicion = (changes: Partial<Suspicion> = {}): Suspicion => ({
  ...neiro,
  spread: "110.2153",
  bound: 0.5,
  at: t0,
  ...changes,
})

export const storeAssetIdentities: Suite = (it) => {
  it.effect("keep one row for a pair, whoever suspects it first and however often it is seen", () =>
    Effect.gen(function* () {
      yield* empty
      const identities = yield* AssetIdentities
      const told = yield* Effect.all(
        Array.from({ length: 8 }, (_, n) => identities.suspect(suspicion({ at: t0 + n }), t0)),
        { concurrency: "unbounded" },
      )
      assert.strictEqual(told.filter((isNews) => isNews).length, 1)
      const rows = yield* identities.all
      assert.strictEqual(rows.length, 1)
      const facts: Array<OutboxFact> = []
      yield* (yield* Outbox).relayBatch({
        limit: 10,
        nowMs: t0,
        publish: (batch) => Effect.sync(() => void facts.push(...batch)),
      })
      assert.strictEqual(facts.length, 1)
      assert.deepInclude(facts[0], { subject: "evt.v1.identity.suspected", createdAt: t0 })
      assert.deepInclude(facts[0]?.payload, { v: 1, ...neiro, spread: "110.2153", bound: 0.5 })
      assert.deepInclude(rows[0], {
        ...neiro,
        status: "suspect",
        bound: 0.5,
        spread: "110.2153",
        decidedBy: null,
        decidedAt: null,
      })
    }))

  it.effect("wait for a decision that no later suspicion overrules, and that may be changed", () =>
    Effect.gen(function* () {
      yield* empty
      const identities = yield* AssetIdentities
      assert.isFalse(yield* identities.decide({ pair: neiro, status: "approved", by: "admin", nowMs: t0 }))
      yield* identities.suspect(suspicion(), t0)
      const other = pairOf("ABC", { venue: "okx", symbol: "ABC" }, { venue: "kraken", symbol: "ABC" })
      yield* identities.suspect(suspicion({ ...other, at: t0 + 1 }), t0)
      assert.deepStrictEqual((yield* identities.suspects(10)).map(({ asset }) => asset), ["NEIRO", "ABC"])
      assert.isTrue(yield* identities.decide({ pair: neiro, status: "denied", by: "admin", nowMs: t0 + 2 }))
      assert.isFalse(yield* identities.suspect(suspicion({ at: t0 + 3 }), t0))
      assert.deepStrictEqual((yield* identities.suspects(10)).map(({ asset }) => asset), ["ABC"])
      const [, row] = yield* identities.all
      assert.deepInclude(row, { status: "denied", decidedBy: "admin", decidedAt: t0 + 2, seenAt: t0 })
      assert.isTrue(yield* identities.decide({ pair: neiro, status: "approved", by: "other", nowMs: t0 + 4 }))
      assert.strictEqual((yield* identities.all)[1]?.status, "approved")
    }))

  it.effect("refuse a row whose status nobody knows", () =>
    Effect.gen(function* () {
      yield* empty
      const { sql } = yield* Store
      yield* (yield* AssetIdentities).suspect(suspicion(), t0)
      yield* sql`alter table asset_identities drop constraint asset_identities_status_check`
      yield* sql`update asset_identities set status = 'perhaps'`
      const error = yield* Effect.flip((yield* AssetIdentities).all)
      yield* sql`delete from asset_identities`
      yield* sql`alter table asset_identities add constraint asset_identities_status_check
        check (status in ('verified', 'suspect', 'approved', 'denied'))`
      assert.strictEqual(error.reason, "row_invalid")
    }))
}

const open: CurrencyNetwork = { withdraw: true, deposit: true, fee: "0.0001", minWithdraw: "0.001", arrivalMs: 600_000 }

export const storeReferenceData: Suite = (it) => {
  it.effect("keeps the networks a venue told last, with their date, and nothing of what it told before", () =>
    Effect.gen(function* () {
      yield* empty
      const reference = yield* ReferenceData
      const silent: CurrencyNetwork = { withdraw: null, deposit: null, fee: null, minWithdraw: null, arrivalMs: null }
      const closed = { ...open, withdraw: false }
      yield* reference.saveNetworks("okx", { BTC: { Bitcoin: open }, OLD: { X: open } }, t0)
      yield* reference.saveNetworks("okx", { BTC: { Bitcoin: closed }, ETH: { ERC20: open } }, t0 + 5)
      yield* reference.saveNetworks("kraken", { BTC: { Bitcoin: silent } }, t0 + 1)
      assert.deepStrictEqual(yield* reference.networks, {
        kraken: { value: { BTC: { Bitcoin: silent } }, at: t0 + 1 },
        okx: { value: { BTC: { Bitcoin: closed }, ETH: { ERC20: open } }, at: t0 + 5 },
      })
      yield* reference.saveNetworks("okx", {}, t0 + 6)
      assert.deepStrictEqual(Object.keys(yield* reference.networks), ["kraken"])
    }))

  it.effect("keeps the rules of a venue's markets the same way, and what is unknown of them stays so", () =>
    Effect.gen(function* () {
      yield* empty
      const reference = yield* ReferenceData
      const spot = { contractSize: null, amountStep: "0.00001", minAmount: "0.0001", minNotional: null }
      const market = (venue: string, instrument: string) => ({ venue, instrument, ...spot })
      yield* reference.saveMarkets("okx", [market("okx", "BTC/USDT"), market("okx", "OLD/USDT")], t0)
      const swap = { ...market("okx", "BTC/USDT:USDT"), contractSize: "0.01" }
      yield* reference.saveMarkets("okx", [swap], t0 + 5)
      yield* reference.saveMarkets("kraken", [market("kraken", "BTC/USD")], t0 + 1)
      assert.deepStrictEqual(yield* reference.markets, {
        kraken: { value: [market("kraken", "BTC/USD")], at: t0 + 1 },
        okx: { value: [swap], at: t0 + 5 },
      })
    }))
}
