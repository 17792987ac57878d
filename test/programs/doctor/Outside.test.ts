/**
 * What `doctor` says of the venues that are followed.
 * In: an exchange with one venue of its own, and others. Out: its checks.
 */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Stream } from "effect"
import { settings } from "../../../src/domain/Settings.ts"
import { Exchange, ExchangeError } from "../../../src/layers/Exchange.ts"
import { checkVenues } from "../../../src/programs/doctor/Outside.ts"

const exchange = Layer.succeed(
  Exchange,
  Exchange.of({
    simulated: false,
    venues: ["kraken"],
    markets: (venue) =>
      venue === "krakn"
        ? Effect.fail(new ExchangeError({ reason: "unknown_venue", venue, detail: "near it: kraken" }))
        : Effect.succeed([]),
    feed: () => Stream.empty,
  }),
)

describe("The check of venues", () => {
  it.effect("tells those that are followed by what ccxt says of them, and what is to be named for them", () =>
    Effect.gen(function* () {
      const provider = ConfigProvider.fromEnvRecord({ ARBEDGE_VENUES: "kraken,gate,krakn" })
      const set = yield* Effect.provideService(settings, ConfigProvider.ConfigProvider, provider)
      const [own, any, unknown] = yield* checkVenues(set)
      assert.deepStrictEqual(own, { name: "venue kraken", state: "ok", detail: "0 markets", fix: "" })
      assert.strictEqual(any?.state, "ok")
      assert.include(any?.detail, "no adapter here")
      assert.include(any?.fix, "ARBEDGE_DETECT_CONFIG")
      assert.deepStrictEqual([unknown?.state, unknown?.fix], ["failing", "correct ARBEDGE_VENUES"])
      assert.include(unknown?.detail, "near it: kraken")
    }).pipe(Effect.provide(exchange)))
})
