/**
 * What a client without our code receives: each message that ingest publishes, held by ajv to the generated schema of
 * its payload and of its headers.
 */
import { assert, it } from "@effect/vitest"
import type { Msg } from "@nats-io/nats-core"
import { connect } from "@nats-io/transport-node"
import { Ajv2020 } from "ajv/dist/2020.js"
import { Effect, Layer, Redacted, Schema } from "effect"
import { afterAll } from "vitest"
import { headersOf } from "../../src/domain/contract/AsyncApi.ts"
import { MESSAGES, type PublicMessage } from "../../src/domain/contract/Contract.ts"
import { EXAMPLES } from "../../src/domain/contract/Examples.ts"
import { jsonSchemas } from "../../src/domain/contract/JsonSchemas.ts"
import { Tick } from "../../src/domain/Tick.ts"
import * as NatsBus from "../../src/layers/nats/Bus.ts"
import { Ingest } from "../../src/streams/Ingest.ts"
import { ensureStreams } from "../../src/streams/Topology.ts"
import { describeWith, nats } from "../support/available.ts"
import { eventually } from "../support/eventually.ts"
import { ownPrefix, removeAll } from "../support/jetstream.ts"
import { gap, quote, T0 } from "../support/ticks.ts"

const decoder = new TextDecoder()
const decodeJson = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Unknown))
const decodeTick = Schema.decodeUnknownSync(Tick)
const { book, candle, funding, heartbeat, quote: bbo, ticker, trade } = EXAMPLES
const ticks = [bbo, book, ticker, trade, funding, candle, heartbeat].map((example) => decodeTick(example))

/** Which message of the contract travels on a subject. */
const messageOn = (subject: string): PublicMessage | undefined =>
  MESSAGES.find(({ subjects }) =>
    subjects.some((address) =>
      new RegExp(`^${address.replaceAll(".", "\\.").replace(/\{\w+\}/g, "[^.]+")}$`).test(subject)
    )
  )

describeWith(nats, "A message that ingest publishes", () => {
  const prefix = ownPrefix()
  afterAll(() => removeAll(nats.url, prefix))
  const bus = NatsBus.layer({ url: Redacted.make(nats.url), streamPrefix: prefix, subjectPrefix: prefix })
  const world = Ingest.layer({ writer: "test.1", source: "live", live: true, venues: true }).pipe(
    Layer.provideMerge(Layer.effectDiscard(ensureStreams).pipe(Layer.provideMerge(bus))),
  )

  it.live("keeps its schema and has its headers, whatever its kind", () => {
    const ajv = new Ajv2020({ strict: true, strictTuples: false, allErrors: true })
    const received: Array<Msg> = [], seen = new Set<string>()
    const check = (message: Msg) => {
      const own = message.headers, subject = message.subject.slice(prefix.length + 1), known = messageOn(subject)
      if (known === undefined) return assert.fail(`${subject} is in no contract`)
      const payload = ajv.compile(jsonSchemas[known.name] ?? false), headers = ajv.compile(headersOf(known))
      for (const line of decoder.decode(message.data).split("\n")) {
        assert.isTrue(payload(decodeJson(line)), `${subject}: ${ajv.errorsText(payload.errors)}`)
      }
      const values = Object.fromEntries((own?.keys() ?? []).map((name) => [name, own?.get(name)]))
      assert.isTrue(headers(values), `${subject}: ${ajv.errorsText(headers.errors)}`)
      ajv.removeSchema()
      seen.add(known.name)
    }
    return Effect.gen(function* () {
      const { accept, drain } = yield* Ingest
      const connection = yield* Effect.acquireRelease(
        Effect.promise(() => connect({ servers: nats.url })),
        (open) => Effect.promise(() => open.close()),
      )
      connection.subscribe(`${prefix}.>`, { callback: (error, message) => void (error ?? received.push(message)) })
      yield* Effect.promise(() => connection.flush())
      const twice = quote("okx", "ETH/USDT", T0, ["1", "2"])
      yield* accept([
        { _tag: "Ticks", ticks: [...ticks, twice, twice, gap("kraken", "BTC/USD", T0)] },
        { _tag: "Bad", venue: "okx", instrument: null, reason: "not_json", detail: "cut", raw: "{", ingestTime: T0 },
      ])
      yield* drain
      const wanted = [...ticks.map(({ kind }) => kind), "gap", "frame", "quarantined"].toSorted()
      const look = Effect.sync(() => {
        received.splice(0).forEach(check)
        return [...seen].toSorted()
      })
      yield* eventually(look, (names) => names.length === wanted.length, "10 seconds")
      assert.deepStrictEqual([...seen].toSorted(), wanted)
    }).pipe(Effect.provide(world), Effect.scoped)
  })
})
