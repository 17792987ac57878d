/**
 * One of several ArbEdge processes, for tests that kill one: actors over Postgres, told what to do line by line.
 *
 * In: arguments `url port owner`; on stdin one JSON command a line, `{ id, op, key }`. Out: on stdout "ready", then one
 * JSON answer a line, `{ id, ok, value }`. It ends when stdin does. Expiries are shortened so that tests are short.
 */
import "../../src/layers/denoFibers.ts"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Duration, Effect, Exit, Layer, Redacted, Schema, Stream } from "effect"
import { Sharding } from "effect/cluster/Sharding"
import process from "node:process"
import { createInterface } from "node:readline"
import * as MarketData from "../../src/actors/MarketData.ts"
import * as RateLimiter from "../../src/actors/RateLimiter.ts"
import * as Session from "../../src/actors/Session.ts"
import { Exchange } from "../../src/layers/Exchange.ts"
import * as Cluster from "../../src/layers/cluster/Cluster.ts"
import * as Postgres from "../../src/layers/postgres/Postgres.ts"
import * as Repositories from "../../src/layers/sql/Repositories.ts"
import * as EnvelopeVault from "../../src/layers/vault/EnvelopeVault.ts"

const Command = Schema.fromJsonString(Schema.Struct({
  id: Schema.Int,
  op: Schema.Literals(["start", "touch", "resident", "acquire", "ensure", "fed"]),
  key: Schema.String,
}))

const [url = "", port = "0", owner = ""] = process.argv.slice(2)

/** What this process's feed gave it: "<epoch> <kind or gap reason>". */
const fed: Array<string> = []

/** A venue that ticks a heartbeat every 50 ms. */
const exchange = Layer.succeed(Exchange, {
  simulated: true,
  venues: ["kraken"],
  markets: () => Effect.succeed([]),
  feed: () =>
    Stream.fromEffectRepeat(
      Effect.as(Effect.sleep("50 millis"), [{
        _tag: "Ticks" as const,
        ticks: [{
          v: 1 as const,
          venue: "kraken",
          instrument: "BTC/USDT",
          venueTime: null,
          ingestTime: 0,
          kind: "heartbeat" as const,
        }],
      }]),
    ),
})

const sink = Layer.succeed(MarketData.FeedSink, {
  accept: (events, { epoch }) =>
    Effect.sync(() => {
      for (const event of events) {
        if (event._tag !== "Ticks") continue
        for (const tick of event.ticks) fed.push(`${epoch} ${tick.kind === "gap" ? tick.reason : tick.kind}`)
      }
    }),
})

const actors = Layer.mergeAll(
  Session.behaviour(),
  Session.SessionClient.layer(),
  RateLimiter.behaviour(),
  RateLimiter.RateLimiterClient.layer,
  MarketData.MarketDataClient.layer,
  MarketData.behaviour({
    requests: [{ venue: "kraken", instruments: ["BTC/USDT"], kinds: ["quote"], depth: 1 }],
    owner,
    leaseTtl: Duration.seconds(4),
    leaseRefresh: Duration.seconds(1),
  }).pipe(Layer.provide([exchange, sink])),
)

const live = actors.pipe(
  Layer.provideMerge(Cluster.layerManyProcesses({
    host: "127.0.0.1",
    port: Number(port),
    lockExpiry: Duration.seconds(4),
    lockRefresh: Duration.seconds(1),
    poll: Duration.millis(500),
  })),
  Layer.provideMerge(Repositories.layer),
  Layer.provideMerge(
    Layer.merge(EnvelopeVault.ephemeral, Postgres.layer({ url: Redacted.make(url), maxConnections: 6 })),
  ),
)

const obey = Effect.fnUntraced(function* ({ key, op }: typeof Command.Type) {
  const sessions = yield* Session.SessionClient
  switch (op) {
    case "start": {
      const who = { telegramId: key, chatId: key, username: null, firstName: null, languageCode: null }
      return (yield* sessions.start(who)).session.sessionId
    }
    case "touch": {
      const { session, verdict } = yield* sessions.touch(key, "test")
      return { verdict, sessionId: session?.sessionId ?? null }
    }
    case "resident":
      return yield* Effect.flatMap(Sharding, (sharding) => sharding.activeEntityCount)
    case "acquire":
      return (yield* RateLimiter.RateLimiterClient.use((client) => client.acquire({ chatId: key, isGroup: false })))
        ._tag
    case "ensure":
      return yield* MarketData.MarketDataClient.use((client) => client.ensure(key))
    case "fed":
      return { first: fed[0] ?? null, count: fed.length }
  }
})

const serve = Effect.gen(function* () {
  const say = (line: string) => Effect.sync(() => process.stdout.write(`${line}\n`))
  yield* say("ready")
  yield* Stream.fromAsyncIterable(createInterface({ input: process.stdin }), String).pipe(
    Stream.mapEffect((line) => Schema.decodeUnknownEffect(Command)(line)),
    Stream.mapEffect(
      (command) =>
        Effect.flatMap(Effect.exit(obey(command)), (exit) =>
          say(JSON.stringify({
            id: command.id,
            ok: Exit.isSuccess(exit),
            value: Exit.isSuccess(exit) ? exit.value : String(exit.cause),
          }))),
      { concurrency: "unbounded", unordered: true },
    ),
    Stream.runDrain,
  )
})

NodeRuntime.runMain(Effect.provide(serve, live))
