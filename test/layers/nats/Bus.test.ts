/** The Bus on JetStream: the conformance suite on a real server, and what only it promises. */
import { assert, layer } from "@effect/vitest"
import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import { Effect, Option, Redacted, Stream } from "effect"
import { afterAll } from "vitest"
import { Bus } from "../../../src/layers/Bus.ts"
import * as NatsBus from "../../../src/layers/nats/Bus.ts"
import { busSuite } from "../../suites/BusSuite.ts"
import { collect, eventually, fromFirst, ownStream, publishTexts, series, texts } from "../../suites/bus/kit.ts"
import { describeWith, nats } from "../../support/available.ts"
import { ownPrefix, removeAll } from "../../support/jetstream.ts"

describeWith(nats, "The bus on JetStream", () => {
  const prefix = ownPrefix()
  const bus = NatsBus.layer({ url: Redacted.make(nats.url), streamPrefix: prefix, subjectPrefix: prefix })
  afterAll(() => removeAll(nats.url, prefix))

  // Real services: the server does not live in virtual time.
  layer(bus, { excludeTestServices: true })((it) => {
    const kit = {
      it,
      pass: (duration: Parameters<typeof Effect.sleep>[0]) => Effect.sleep(duration),
      pause: Effect.sleep(10),
    }
    busSuite(kit)

    it.effect("asks the server for no more than a stalled reader has room for", () =>
      Effect.gen(function* () {
        const bus = yield* Bus
        const name = yield* ownStream()
        yield* publishTexts(`${name}.a`, series("m", 500))
        const pull = yield* Stream.toPull(bus.consume({ ...fromFirst(name), capacity: 20 }))
        yield* pull
        const delivered = Effect.promise(async () => {
          const connection = await connect({ servers: nats.url })
          const manager = await jetstreamManager(connection)
          const [consumer] = await manager.consumers.list(prefix + name).next()
          await connection.close()
          return consumer?.delivered.stream_seq ?? 0
        })
        yield* eventually(kit, Effect.map(delivered, (sequence) => sequence >= 20))
        for (let look = 0; look < 5; look++) {
          yield* kit.pause
          assert.isAtMost(yield* delivered, 40)
        }
      }))
  })

  // The adapter's own waits are real ones, so a program in virtual time is not held up by a clock that stands still.
  layer(bus)((it) => {
    it.effect("works while the Clock of its callers stands still", () =>
      Effect.gen(function* () {
        const bus = yield* Bus
        const name = yield* ownStream()
        yield* publishTexts(`${name}.a`, series("m", 10))
        assert.deepStrictEqual(texts(yield* collect(bus.consume(fromFirst(name)), 10)), series("m", 10))
        const bucket = yield* bus.bucket({ name, timeToLive: Option.none(), maxBytes: 100_000 })
        yield* bucket.put("k", new Uint8Array(1))
        assert.deepStrictEqual(yield* bucket.keys(">"), ["k"])
      }))
  })
})
