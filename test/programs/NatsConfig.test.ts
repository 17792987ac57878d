/**
 * The generated configuration on a real nats-server: what an operator's credential can do, and that it can do nothing
 * else; and that the service lives wholly in its own account.
 */
import { assert, it, layer } from "@effect/vitest"
import { jetstream, jetstreamManager } from "@nats-io/jetstream"
import { Kvm } from "@nats-io/kv"
import { fromSeed } from "@nats-io/nkeys"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { Effect, Layer, Redacted, Stream } from "effect"
import * as Base64Url from "effect/encoding/Base64Url"
import { createConnection } from "node:net"
import { Bus } from "../../src/layers/Bus.ts"
import { newNkey, newPassword } from "../../src/layers/nats/Credentials.ts"
import * as NatsBus from "../../src/layers/nats/Bus.ts"
import { JETSTREAM_DOMAIN } from "../../src/programs/NatsConfig.ts"
import { ensureStreams, MARKET_BUCKET, PEOPLE_BUCKETS } from "../../src/streams/Topology.ts"
import { keyValueCases } from "../suites/bus/keyvalue.ts"
import { bytes, type Kit, ownStream, publishTexts, texts, workOptions } from "../suites/bus/kit.ts"
import { liveCases } from "../suites/bus/live.ts"
import { orderedCases } from "../suites/bus/ordered.ts"
import { requestCases } from "../suites/bus/requests.ts"
import { streamCases } from "../suites/bus/streams.ts"
import { describeWith } from "../support/available.ts"
import { closed, operatorsServer, passwordOf } from "../support/natsOperators.ts"
import { natsServer } from "../support/natsServer.ts"

const QUANT = { name: "quant", venues: ["kraken"], types: "all", history: true }
const OTHER = { name: "other", venues: "all", kinds: ["quote"], types: ["funding"], facts: ["opportunity.outcome"] }

const KRAKEN = "md.v1.kraken.spot.BTC-USD.quote"
const OKX = "md.v1.okx.spot.BTC-USD.quote"
const OPENED = "opp.v1.cross_exchange.BTC-USDT.opened"

/** The service's bus on a server with both operators, its streams and some of what it keeps. */
const world = Effect.gen(function* () {
  const server = yield* operatorsServer([QUANT, OTHER])
  const bus = yield* Effect.provide(Bus, yield* Layer.build(NatsBus.layer({ url: server.serviceUrl })))
  yield* Effect.provideService(ensureStreams, Bus, bus)
  const markets = yield* bus.bucket(MARKET_BUCKET)
  const secrets = yield* bus.bucket(PEOPLE_BUCKETS.session)
  yield* markets.put("kraken.spot.BTC-USD", bytes("kraken's"))
  yield* markets.put("okx.spot.BTC-USD", bytes("okx's"))
  yield* secrets.put("1", bytes("somebody's"))
  for (const id of ["a", "b", "c"]) yield* bus.publish({ subject: OPENED, data: bytes(id), messageId: id })
  const service = yield* closed(
    connect({ servers: server.at, user: "arbedge", pass: passwordOf("arbedge"), reconnect: false }),
  )
  return { ...server, bus, service }
})

/** What a client of NATS.js hears from the server about what it did: permission errors, by subject. */
const refusals = (connection: NatsConnection) => {
  const heard: Array<string> = []
  const listening = async () => {
    for await (const status of connection.status()) {
      if (status.type === "error") heard.push(status.error.message)
    }
  }
  listening()
  return heard
}

/** What the server answers to whoever introduces himself so; on a socket of its own, which may be reset. */
const knock = (at: string, introduction: (nonce: string) => object) =>
  Effect.callback<string>((resume) => {
    const [host, port] = at.split(":"), socket = createConnection({ host: host ?? "", port: Number(port) })
    let text = ""
    socket.setEncoding("utf8").on("error", () => {}).on("data", (more: string) => {
      if (text === "") {
        const nonce = /"nonce":"([^"]+)"/.exec(more)?.[1] ?? ""
        socket.write(`CONNECT ${JSON.stringify({ ...introduction(nonce), verbose: false })}\r\nPING\r\n`)
      }
      text += more
      const answer = /^(-ERR .*|PONG)\r$/m.exec(text)?.[1]
      if (answer === undefined) return
      socket.destroy()
      resume(Effect.succeed(answer))
    })
    return Effect.sync(() => socket.destroy())
  })

const domainOf = (connection: NatsConnection) =>
  jetstreamManager(connection, { domain: JETSTREAM_DOMAIN, checkAPI: false })

describeWith(natsServer, "An operator's credential", () => {
  it.live(
    "follows the live ticks and opportunities it is granted, and hears nothing of others",
    () =>
      Effect.gen(function* () {
        const { bus, connectAs } = yield* world
        const quant = yield* connectAs("quant"), other = yield* connectAs("other")
        const heard: Array<string> = []
        for (const [name, connection] of [["quant", quant], ["other", other]] as const) {
          const subjects = name === "quant"
            ? ["md.v1.kraken.>", "opp.v1.>"]
            : ["md.v1.*.*.*.quote", "md.v1.*.*.*.gap", "opp.v1.funding.>", "evt.v1.opportunity.outcome"]
          for (const subject of subjects) {
            connection.subscribe(subject, { callback: (_, message) => void heard.push(`${name} ${message.subject}`) })
          }
          yield* Effect.promise(() => connection.flush())
        }
        const trade = KRAKEN.replace("quote", "trade"), gap = KRAKEN.replace("quote", "gap")
        for (const subject of [KRAKEN, OKX, trade, gap]) yield* bus.publishLive({ subject, data: bytes("1") })
        const funding = "opp.v1.funding.BTC-USDT.opened", outcome = "evt.v1.opportunity.outcome"
        for (const subject of [OPENED, funding, outcome, "evt.v1.session.started", "quarantine.okx", "md.frame.3"]) {
          yield* bus.publish({ subject, data: bytes("1") })
        }
        for (const connection of [quant, other]) yield* Effect.promise(() => connection.flush())
        assert.sameMembers(heard, [
          ...[KRAKEN, trade, gap, OPENED, funding].map((subject) => `quant ${subject}`),
          ...[KRAKEN, OKX, gap, funding, outcome].map((subject) => `other ${subject}`),
        ])
      }),
    20_000,
  )

  it.live(
    "reads stored opportunities from a sequence on, markets by their key, and schemas",
    () =>
      Effect.gen(function* () {
        const { connectAs, service } = yield* world
        const quant = yield* connectAs("quant")
        service.subscribe("schema.v1.>", { callback: (_, message) => void message.respond(message.subject) })
        yield* Effect.promise(() => service.flush())
        const schema = yield* Effect.promise(() => quant.request("schema.v1.opportunity"))
        assert.strictEqual(schema.string(), "schema.v1.opportunity")
        const manager = yield* Effect.promise(() => domainOf(quant))
        const { state } = yield* Effect.promise(() => manager.streams.info("OPP"))
        assert.deepStrictEqual([state.first_seq, state.last_seq], [1, 3])
        const from = (seq: number) => Effect.promise(() => manager.streams.getMessage("OPP", { seq }))
        assert.deepStrictEqual(
          [(yield* from(2))?.string(), (yield* from(3))?.string(), yield* from(4)],
          ["b", "c", null],
        )
        const markets = yield* Effect.promise(() =>
          new Kvm(jetstream(quant, { domain: JETSTREAM_DOMAIN })).open("market_data", { allow_direct: true })
        )
        assert.strictEqual((yield* Effect.promise(() => markets.get("kraken.spot.BTC-USD")))?.string(), "kraken's")
      }),
    20_000,
  )

  it.live(
    "listens to nothing else: not to everything, inboxes, the server, other venues or other areas",
    () =>
      Effect.gen(function* () {
        const { connectAs } = yield* world
        const quant = yield* connectAs("quant"), heard = refusals(quant)
        const denied = [
          ">",
          "*.>",
          "_INBOX.>",
          "_INBOX_other.>",
          "_INBOX_arbedge.>",
          "$JS.API.>",
          "$JS.arbedge.API.>",
          "$JS.EVENT.>",
          "$SYS.>",
          "$KV.>",
          "$KV.session.1",
          "$KV.market_data.>",
          "md.>",
          "md.v1.>",
          OKX,
          "md.frame.*",
          "md.venue.*",
          "evt.v1.>",
          "evt.v1.opportunity.outcome",
          "quarantine.*",
          "rpc.v1.>",
          "schema.v1",
          "schema.v1.>",
        ]
        for (const subject of denied) {
          quant.subscribe(subject, { callback: () => {} })
          // A refusal is told out of turn; the answer to a ping comes after it.
          yield* Effect.promise(() => quant.flush())
        }
        const queue = quant.subscribe("md.v1.>", { queue: "workers", callback: () => {} })
        yield* Effect.promise(() => quant.flush())
        assert.isTrue(queue.isClosed())
        for (const subject of denied) assert.isTrue(heard.some((text) => text.includes(`"${subject}"`)), subject)
      }),
    20_000,
  )

  it.live("publishes nothing, and asks nothing but what it is granted", () =>
    Effect.gen(function* () {
      const { bus, connectAs, service } = yield* world
      const quant = yield* connectAs("quant"), heard = refusals(quant)
      const arrived: Array<string> = [], before = yield* bus.streamState("OPP")
      service.subscribe(">", { callback: (_, { subject }) => void arrived.push(subject) })
      yield* Effect.promise(() => service.flush())
      const api = `$JS.${JETSTREAM_DOMAIN}.API`
      const denied = [
        KRAKEN,
        OPENED,
        "md.frame.3",
        "evt.v1.session.started",
        "quarantine.okx",
        "rpc.v1.stop",
        "_INBOX_other.x",
        "_INBOX.x",
        "$KV.market_data.kraken.spot.BTC-USD",
        "$SYS.REQ.SERVER.PING",
        ...Object.values(PEOPLE_BUCKETS).flatMap(({ name }) => [
          `${api}.STREAM.INFO.KV_${name}`,
          `${api}.DIRECT.GET.KV_${name}.$KV.${name}.1`,
        ]),
        "$JS.API.INFO",
        "$JS.API.STREAM.INFO.OPP",
        "$JS.API.STREAM.MSG.GET.OPP",
        "$JS.API.CONSUMER.CREATE.OPP",
        "$JS.ACK.OPP.distribute.1.1.1.1.1",
        `${api}.INFO`,
        `${api}.STREAM.NAMES`,
        `${api}.STREAM.DELETE.OPP`,
        `${api}.STREAM.PURGE.OPP`,
        `${api}.STREAM.MSG.DELETE.OPP`,
        `${api}.STREAM.INFO.MD`,
        `${api}.STREAM.MSG.GET.MD`,
        `${api}.STREAM.MSG.GET.QUARANTINE`,
        `${api}.STREAM.MSG.GET.KV_session`,
        `${api}.STREAM.MSG.GET.KV_market_data`,
        `${api}.DIRECT.GET.KV_market_data`,
        `${api}.DIRECT.GET.KV_market_data.$KV.market_data.okx.spot.BTC-USD`,
        // A consumer with a `deliver_subject` would make the server publish wherever it says.
        `${api}.CONSUMER.CREATE.OPP`,
        `${api}.CONSUMER.CREATE.OPP.mine.opp.v1.>`,
        `${api}.CONSUMER.DURABLE.CREATE.OPP.mine`,
        `${api}.CONSUMER.MSG.NEXT.OPP.distribute`,
        `${api}.CONSUMER.DELETE.OPP.distribute`,
      ]
      for (const subject of denied) {
        quant.publish(subject, "{}", { reply: "_INBOX_quant.answer" })
        yield* Effect.promise(() => quant.flush())
      }
      yield* Effect.promise(() => service.flush())
      for (const subject of denied) assert.isTrue(heard.some((text) => text.includes(`"${subject}"`)), subject)
      // The server's own notes on what the service asked before may come late.
      assert.deepStrictEqual(arrived.filter((subject) => !subject.startsWith("$JS.EVENT.")), [])
      assert.deepStrictEqual(yield* bus.streamState("OPP"), before)
    }), 20_000)

  it.live("is held to its limits of connections, subscriptions and payload", () =>
    Effect.gen(function* () {
      const limits = { connections: 2, subscriptions: 3, payloadBytes: 256 }
      const { at, connectAs } = yield* operatorsServer([{ ...QUANT, limits }])
      const first = yield* connectAs("quant"), second = yield* connectAs("quant")
      assert.strictEqual(second.info?.max_payload, 256)
      const third = yield* knock(at, () => ({ user: "quant", pass: passwordOf("quant") }))
      assert.strictEqual(third, "-ERR 'maximum account active connections exceeded'")
      const heard = refusals(first)
      for (let n = 0; n < 5; n++) {
        first.subscribe(`md.v1.kraken.spot.BTC-USD.${n}`, { callback: () => {} })
        yield* Effect.promise(() => first.flush())
      }
      assert.include(heard, "maximum subscriptions exceeded")
    }), 20_000)

  it.live(
    "is needed: nobody connects without one, with a wrong one, or as somebody else",
    () =>
      Effect.gen(function* () {
        const key = yield* newNkey, stranger = yield* newNkey
        const { at } = yield* operatorsServer([QUANT, { ...OTHER, credential: { nkey: key.publicKey } }])
        const signed = (publicKey: string, by: typeof key) => (nonce: string) => {
          const pair = fromSeed(new TextEncoder().encode(Redacted.value(by.seed)))
          return { nkey: publicKey, sig: Base64Url.encode(pair.sign(new TextEncoder().encode(nonce))) }
        }
        assert.strictEqual(yield* knock(at, signed(key.publicKey, key)), "PONG")
        for (
          const attempt of [
            () => ({}),
            () => ({ user: "quant", pass: "wrong" }),
            () => ({ user: "quant", pass: passwordOf("other") }),
            () => ({ user: "sys", pass: "" }),
            signed(stranger.publicKey, stranger),
            signed(key.publicKey, stranger),
          ]
        ) assert.strictEqual(yield* knock(at, attempt), "-ERR 'Authorization Violation'")
      }),
    20_000,
  )

  it.live(
    "is a password of 256 bits that no two share, known to the server by its hash alone",
    () =>
      Effect.gen(function* () {
        const one = yield* newPassword, two = yield* newPassword
        assert.match(Redacted.value(one.password), /^[\w-]{43}$/)
        assert.notStrictEqual(Redacted.value(one.password), Redacted.value(two.password))
        assert.match(one.bcrypt, /^\$2a\$11\$/)
        const { at } = yield* operatorsServer([{ ...QUANT, credential: { bcrypt: one.bcrypt } }])
        const pass = Redacted.value(one.password)
        const connected = yield* closed(connect({ servers: at, user: "quant", pass, reconnect: false }))
        assert.isFalse(connected.isClosed())
      }),
    20_000,
  )
})

describeWith(natsServer, "Operators who come and go", () => {
  it.live(
    "are let in and disconnected by a reload, which the service and the others do not notice",
    () =>
      Effect.gen(function* () {
        const { at, bus, connectAs, reload, service } = yield* world
        const quant = yield* connectAs("quant"), other = yield* connectAs("other")
        yield* reload([OTHER, { ...QUANT, name: "third" }])
        yield* Effect.promise(() => quant.closed())
        assert.strictEqual(
          yield* knock(at, () => ({ user: "quant", pass: passwordOf("quant") })),
          "-ERR 'Authorization Violation'",
        )
        const third = yield* connectAs("third"), heard: Array<string> = []
        for (const [name, connection] of [["other", other], ["third", third]] as const) {
          connection.subscribe("opp.v1.funding.>", { callback: () => void heard.push(name) })
          yield* Effect.promise(() => connection.flush())
        }
        const { sequence } = yield* bus.publish({ subject: "opp.v1.funding.BTC-USDT.opened", data: bytes("1") })
        assert.strictEqual(sequence, 4)
        for (const connection of [other, third, service]) yield* Effect.promise(() => connection.flush())
        assert.sameMembers(heard, ["other", "third"])
      }),
    20_000,
  )
})

describeWith(natsServer, "The service in its own account", () => {
  const bus = Layer.unwrap(Effect.map(operatorsServer([QUANT]), ({ serviceUrl }) => NatsBus.layer({ url: serviceUrl })))

  layer(bus, { excludeTestServices: true })((it) => {
    const kit: Kit = { it, pass: (duration) => Effect.sleep(duration), pause: Effect.sleep(10) }
    streamCases(kit)
    orderedCases(kit)
    keyValueCases(kit)
    liveCases(kit)
    requestCases(kit)

    it.effect("works on a stream by turns and acknowledges", () =>
      Effect.gen(function* () {
        const bus = yield* Bus, name = yield* ownStream()
        yield* publishTexts(`${name}.a`, ["1", "2", "3"])
        const done = yield* bus.work(workOptions(name, {})).pipe(
          Stream.flattenIterable,
          Stream.tap(({ ack }) => ack),
          Stream.take(3),
          Stream.runCollect,
        )
        assert.deepStrictEqual(texts(done), ["1", "2", "3"])
      }))
  })
})
