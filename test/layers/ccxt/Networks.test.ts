/**
 * What venues tell of their networks, by the real ccxt code against fake venues.
 * In: answers in the shape of Coinbase's documentation, and venues that tell it only to customers. Out: verdicts.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { CurrencyNetworks } from "../../../src/layers/CurrencyNetworks.ts"
import { layer, networksOf } from "../../../src/layers/ccxt/CcxtNetworks.ts"
import * as EmbeddedRestBudgets from "../../../src/layers/embedded/RestBudgets.ts"
import { data, describeWith } from "../../support/available.ts"
import { coinbaseexchange } from "../../support/venues/coinbaseexchange.ts"
import { type FakeVenue, fakeVenue } from "../../support/venues/FakeVenue.ts"
import { okx } from "../../support/venues/okx.ts"
import { quickly } from "../../support/venues/FeedProbe.ts"

const CURRENCIES = [
  {
    id: "USDT",
    name: "Tether",
    min_size: "0.000001",
    status: "online",
    max_precision: "0.000001",
    details: { type: "crypto", min_withdrawal_amount: 0.000001 },
    default_network: "ethereum",
    supported_networks: [
      { id: "ethereum", name: "Ethereum", status: "online", min_withdrawal_amount: 0.000001 },
      { id: "solana", name: "Solana", status: "delisted", min_withdrawal_amount: 0.1 },
    ],
  },
  { id: "GBP", name: "Pound", min_size: "0.01", status: "online", max_precision: "0.01", details: { type: "fiat" } },
]

const asking = (venue: FakeVenue) =>
  Effect.flatMap(CurrencyNetworks, (networks) => networks.ask(venue.script.id)).pipe(
    Effect.provide(
      layer({ ...quickly, baseUrls: { [venue.script.id]: venue.origin } }).pipe(
        Layer.provide(EmbeddedRestBudgets.layer),
      ),
    ),
  )

describeWith(data, "A venue's networks", () => {
  it.live("are told with what the venue says, and null for what it does not", () =>
    Effect.gen(function* () {
      const script = coinbaseexchange(data.path)
      const venue = yield* fakeVenue({
        ...script,
        rest: (url, played) => url.pathname === "/currencies" ? CURRENCIES : script.rest(url, played),
      })
      const networks = yield* asking(venue)
      assert.deepStrictEqual(Object.keys(networks), ["USDT"])
      const [ethereum, solana] = Object.values(networks["USDT"] ?? {})
      assert.deepStrictEqual(ethereum, {
        withdraw: null,
        deposit: null,
        fee: null,
        minWithdraw: "0.000001",
        arrivalMs: null,
      })
      assert.deepInclude(solana, { withdraw: false, deposit: false })
    }))

  it.live("are unsupported where only customers are told", () =>
    Effect.gen(function* () {
      const venue = yield* fakeVenue(okx(data.path))
      const error = yield* Effect.flip(asking(venue))
      assert.deepInclude(error, { reason: "unsupported", venue: "okx" })
      assert.isFalse(error.retryable)
      assert.include(error.detail, "`networks`")
    }))

  it.live("are worth asking again where the venue does not answer", () =>
    Effect.gen(function* () {
      const venue = yield* fakeVenue(coinbaseexchange(data.path))
      venue.refuse(true)
      const error = yield* Effect.flip(asking(venue))
      assert.isTrue(error.retryable)
    }))
})

it("networks with odd values close the way instead of opening it", () => {
  const odd = { withdraw: "yes", deposit: 1, fee: -1, limits: { withdraw: { min: Number.NaN } } }
  assert.deepStrictEqual(networksOf({ X: { networks: { A: odd, B: null } }, Y: { networks: {} }, Z: 7 }), {
    X: {
      A: { withdraw: null, deposit: null, fee: null, minWithdraw: null, arrivalMs: null },
      B: { withdraw: null, deposit: null, fee: null, minWithdraw: null, arrivalMs: null },
    },
  })
  assert.deepStrictEqual(networksOf({ X: { networks: { A: { withdraw: true, deposit: true, fee: 1e-7 } } } }), {
    X: { A: { withdraw: true, deposit: true, fee: "0.0000001", minWithdraw: null, arrivalMs: null } },
  })
})
