/**
 * The CurrencyNetworks port on real venues, by ccxt's `fetchCurrencies`.
 *
 * In: a venue. Out: its currencies' networks. Promises: what ccxt leaves out is null; a fee that is no decimal of zero or
 * more is none; a venue that answers only whoever has a key there is `unsupported`; each call passes the shared budget.
 */
import { Effect, Layer } from "effect"
import * as Decimal from "../../domain/Decimal.ts"
import type { CurrencyNetwork, VenueNetworks } from "../../domain/Networks.ts"
import { CurrencyNetworks } from "../CurrencyNetworks.ts"
import { ExchangeError } from "../Exchange.ts"
import type { RestBudgets } from "../RestBudgets.ts"
import { ask, makeExchange } from "./Connection.ts"
import { makeRestGate } from "./RestGate.ts"
import { type CcxtSettings, defaultSettings } from "./Settings.ts"
import { asRecord, numberText } from "./Values.ts"
import { venues } from "./venues/index.ts"

const flag = (value: unknown): boolean | null => typeof value === "boolean" ? value : null

const amount = (value: unknown): string | null =>
  typeof value === "number" && value >= 0 && Decimal.isDecimalText(String(value)) ? numberText(value) : null

const networkOf = (value: unknown): CurrencyNetwork => {
  const { active, deposit, fee, limits, withdraw } = asRecord(value)
  return {
    withdraw: active === false ? false : flag(withdraw),
    deposit: active === false ? false : flag(deposit),
    fee: amount(fee),
    minWithdraw: amount(asRecord(asRecord(limits)["withdraw"])["min"]),
    arrivalMs: null,
  }
}

/** What ccxt answered; currencies without networks are left out. */
export const networksOf = (currencies: unknown): VenueNetworks =>
  Object.fromEntries(
    Object.entries(asRecord(currencies)).flatMap(([currency, value]) => {
      const networks = Object.entries(asRecord(asRecord(value)["networks"]))
      return networks.length === 0
        ? []
        : [[currency, Object.fromEntries(networks.map(([name, network]) => [name, networkOf(network)]))]]
    }),
  )

const make = (settings: CcxtSettings) =>
  Effect.gen(function* () {
    const gate = yield* makeRestGate({ patienceMs: settings.restPatienceMs, storePauseMs: settings.storePauseMs })
    const one = Effect.fn("CurrencyNetworks.ask")(function* (venue: string) {
      const adapter = venues.get(venue)
      if (adapter === undefined) {
        return yield* new ExchangeError({ reason: "unknown_venue", venue, detail: "it has no adapter of its own" })
      }
      const exchange = yield* makeExchange(adapter, settings, gate)
      const networks = networksOf(yield* ask(venue, "networks", async () => await exchange.fetchCurrencies()))
      if (Object.keys(networks).length > 0) return networks
      const detail = "it tells networks only to whoever has a key: write them into `networks` of the configuration"
      return yield* new ExchangeError({ reason: "unsupported", venue, detail })
    }, Effect.scoped)
    return CurrencyNetworks.of({ ask: one })
  })

export const layer = (settings: Partial<CcxtSettings> = {}): Layer.Layer<CurrencyNetworks, never, RestBudgets> =>
  Layer.effect(CurrencyNetworks, make({ ...defaultSettings, ...settings }))
