/**
 * An operator who does not read: the server cuts him off, tells the service why, and nobody else notices.
 * A nats-server of the test's own with the shortest deadline that can be set; how little it costs is measured by the
 * benchmark `stalled-subscriber`.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { Bus } from "../../src/layers/Bus.ts"
import * as NatsBus from "../../src/layers/nats/Bus.ts"
import { hearCuts } from "../../src/streams/OperatorCuts.ts"
import { describeWith } from "../support/available.ts"
import { operatorsServer, stalledOperator } from "../support/natsOperators.ts"
import { natsServer } from "../support/natsServer.ts"

const SUBJECT = "md.v1.kraken.spot.BTC-USD.quote"
const PAYLOAD = new Uint8Array(1_024)
const TURN = 256

describeWith(natsServer, "An operator who stops reading", () => {
  it.live(
    "is cut off by the server, which tells the service; others hear every message",
    () =>
      Effect.gen(function* () {
        const granted = { venues: "all", types: [] }
        const server = yield* operatorsServer([{ name: "asleep", ...granted }, { name: "awake", ...granted }], {
          writeDeadlineMs: 100,
        })
        const bus = yield* Effect.provide(Bus, yield* Layer.build(NatsBus.layer({ url: server.serviceUrl })))
        const told: Array<string> = []
        const listening = Logger.layer([Logger.make(({ message }) => void told.push(String(message)))])
        yield* hearCuts.pipe(
          Effect.provide(listening),
          Effect.provideService(Bus, bus),
          Effect.forkScoped({ startImmediately: true }),
        )
        const awake = yield* server.connectAs("awake")
        let heard = 0, sent = 0
        awake.subscribe("md.v1.>", { callback: () => void heard++ })
        yield* Effect.promise(() => awake.flush())
        const asleep = yield* stalledOperator(server.at, "asleep", "md.v1.>")
        while (told.length === 0) {
          for (let n = 0; n < TURN; n++) yield* bus.publishLive({ subject: SUBJECT, data: PAYLOAD })
          sent += TURN
          yield* Effect.promise(() => awake.flush())
        }
        assert.deepStrictEqual(told, ["operator asleep was cut off: Slow Consumer (Write Deadline)"])
        // What it already had on the way is still there to be read; then the end.
        yield* asleep.ended
        for (let n = 0; n < TURN; n++) yield* bus.publishLive({ subject: SUBJECT, data: PAYLOAD })
        yield* bus.publishLive({ subject: "md.v1.okx.spot.BTC-USD.gap", data: PAYLOAD })
        while (heard < sent + TURN + 1) yield* Effect.promise(() => awake.flush())
        assert.strictEqual(heard, sent + TURN + 1)
      }),
    30_000,
  )
})
