/**
 * The nats-server is killed and started again under load: what was acknowledged stays, readers go on where they stood.
 * Every case runs a server of its own. JetStream acknowledges before it syncs to disk; SIGKILL leaves the kernel's
 * pages in place, so nothing acknowledged may be missing here (a power cut is another matter).
 */
import { assert, it } from "@effect/vitest"
import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import { Clock, Duration, Effect, Exit, Fiber, Layer, Option, Redacted, Scope, Stream } from "effect"
import { Bus, type BusStatus, type StoredMessage } from "../../src/layers/Bus.ts"
import * as NatsBus from "../../src/layers/nats/Bus.ts"
import { bytes, collect, fromFirst, text, texts, workOptions } from "../suites/bus/kit.ts"
import { describeWith } from "../support/available.ts"
import { natsServer, ownNatsServer } from "../support/natsServer.ts"

const STREAM = { name: "load", subjects: ["load.>"], maxBytes: 256_000_000, maxAge: Duration.hours(1) }
const spec = { ...STREAM, dedupWindow: Duration.minutes(2) }

const until = (check: () => boolean) =>
  Effect.gen(function* () {
    for (let look = 0; look < 3000 && !check(); look++) yield* Effect.sleep(10)
    if (!check()) return yield* Effect.die(new Error("the condition never held"))
  })

/** Returns when the stream has a consumer. */
const eventuallyReading = (url: string) =>
  Effect.promise(async () => {
    const connection = await connect({ servers: url })
    const manager = await jetstreamManager(connection)
    while ((await manager.consumers.list("load").next()).length === 0) await connection.flush()
    await connection.close()
  })

/** A server, and a Bus connected to it. */
const ownBus = (options: Partial<NatsBus.NatsOptions> = {}) =>
  Effect.gen(function* () {
    const server = yield* ownNatsServer()
    const context = yield* Layer.build(NatsBus.layer({ url: server.url, ...options }))
    return { server, bus: yield* Effect.provide(Bus, context) }
  })

describeWith(natsServer, "A nats-server killed and started again", () => {
  it.live(
    "loses nothing acknowledged, stores each id once, and readers see every message once and in order",
    () =>
      Effect.gen(function* () {
        const { bus, server } = yield* ownBus()
        yield* bus.ensureStream(spec)
        const acked = new Set<string>()
        let stop = false
        let sent = 0
        const publisher = Effect.gen(function* () {
          while (!stop) {
            const batch = Array.from({ length: 20 }, () => `id-${sent++}`)
            const messages = batch.map((id) => ({ subject: "load.a", data: bytes(id.padEnd(2000)), messageId: id }))
            yield* bus.publishAll(messages).pipe(Effect.retry({ while: (error) => error.retryable }))
            for (const id of batch) acked.add(id)
          }
        })
        const seen: Array<StoredMessage> = []
        yield* Effect.forkScoped(Stream.runForEach(bus.consume({ ...fromFirst("load"), capacity: 256 }), (batch) =>
          Effect.sync(() => {
            for (const message of batch) seen.push(message)
          })))
        const publishing = yield* Effect.forkScoped(publisher)
        for (let round = 0; round < 3; round++) {
          const before = seen.length
          yield* until(() =>
            seen.length > before + 500
          )
          yield* server.kill
          yield* Effect.sleep(300)
          yield* server.start
          const startedAtMs = yield* Clock.currentTimeMillis
          const ackedAtStart = acked.size
          const seenAtStart = seen.length
          yield* until(() => acked.size > ackedAtStart + 100 && seen.length > seenAtStart + 100)
          assert.isBelow((yield* Clock.currentTimeMillis) - startedAtMs, 10_000)
        }
        stop = true
        yield* Fiber.join(publishing)
        const { lastSequence, messages } = yield* bus.streamState("load")
        yield* until(() => seen.at(-1)?.sequence === lastSequence)
        assert.deepStrictEqual(
          seen.map((message) => message.sequence),
          Array.from({ length: messages }, (_, i) => i + 1),
        )
        const ids = texts(seen).map((each) => each.trimEnd())
        assert.strictEqual(new Set(ids).size, ids.length)
        assert.deepStrictEqual([...acked].filter((id) => !new Set(ids).has(id)), [])
        assert.deepStrictEqual(ids, Array.from({ length: ids.length }, (_, i) => `id-${i}`))
      }),
    60_000,
  )

  it.live("hands out unanswered work again, and acknowledged work at most once more", () =>
    Effect.gen(function* () {
      const { bus, server } = yield* ownBus()
      yield* bus.ensureStream(spec)
      yield* bus.publishAll(["a", "b", "c", "d"].map((name) => ({ subject: "load.w", data: bytes(name) })))
      const got: Array<string> = []
      const options = workOptions("load", { ackWait: Duration.seconds(1), batchSize: 2 })
      yield* Effect.forkScoped(
        bus.work(options).pipe(
          Stream.flattenIterable,
          Stream.runForEach((delivery) => {
            const name = text(delivery.data)
            got.push(`${name}${delivery.attempt}`)
            return name === "b" && delivery.attempt === 1 ? Effect.void : delivery.ack
          }),
        ),
      )
      yield* until(() => got.length >= 4)
      yield* server.kill
      yield* server.start
      yield* bus.publish({ subject: "load.w", data: bytes("e") })
      yield* until(() => got.includes("e1") && got.filter((each) => each.startsWith("b")).length > 1)
      // Everything is acknowledged now; what is published next comes after whatever still comes again.
      yield* bus.publish({ subject: "load.w", data: bytes("f") })
      yield* until(() => got.includes("f1"))
      for (const name of ["a", "c", "d", "e", "f"]) {
        assert.isAtMost(got.filter((each) => each.startsWith(name)).length, 2, `${got}`)
      }
    }), 30_000)

  it.live(
    "holds a publish for its settable time, then fails with timeout; a patient one goes through",
    () =>
      Effect.gen(function* () {
        const { bus, server } = yield* ownBus({ publishTimeout: Duration.millis(500) })
        const patient = yield* Effect.provide(
          Bus,
          yield* Layer.build(NatsBus.layer({ url: server.url, publishTimeout: Duration.seconds(20) })),
        )
        yield* bus.ensureStream(spec)
        yield* server.kill
        const startedAtMs = yield* Clock.currentTimeMillis
        const error = yield* Effect.flip(bus.publish({ subject: "load.a", data: bytes("early"), messageId: "early" }))
        assert.deepStrictEqual([error.reason, error.retryable], ["timeout", true])
        assert.isBelow((yield* Clock.currentTimeMillis) - startedAtMs, 2000)
        yield* bus.publishLive({ subject: "live.a", data: bytes("lost") })
        const waiting = yield* Effect.forkScoped(
          patient.publish({ subject: "load.a", data: bytes("late"), messageId: "late" }),
        )
        yield* Effect.sleep(300)
        yield* server.start
        assert.strictEqual((yield* Fiber.join(waiting)).sequence, 1)
        assert.deepStrictEqual(texts(yield* collect(bus.consume(fromFirst("load")), 1)), ["late"])
      }),
    30_000,
  )

  it.live("tells of it on the status stream, and live subscriptions and watches go on", () =>
    Effect.gen(function* () {
      const { bus, server } = yield* ownBus()
      const statuses: Array<BusStatus> = []
      yield* Effect.forkScoped(Stream.runForEach(bus.status, (status) => Effect.sync(() => statuses.push(status))))
      const bucket = yield* bus.bucket({ name: "kv", timeToLive: Option.none(), maxBytes: 1_000_000 })
      yield* bucket.put("a", bytes("1"))
      const watched: Array<string> = []
      yield* Effect.forkScoped(Stream.runForEach(bucket.watch(">"), ({ entry }) =>
        Effect.sync(() => {
          if (Option.isSome(entry)) watched.push(text(entry.value.value))
        })))
      const heard: Array<string> = []
      yield* Effect.forkScoped(Stream.runForEach(bus.subscribeLive("live.>", 100), (message) =>
        Effect.sync(() =>
          heard.push(text(message.data))
        )))
      yield* until(() =>
        watched.length === 1 && statuses.length === 1
      )
      yield* server.kill
      yield* until(() => statuses.includes("disconnected"))
      yield* server.start
      yield* until(() => statuses.includes("reconnected"))
      yield* bucket.put("a", bytes("2"))
      yield* bus.publishLive({ subject: "live.a", data: bytes("back") })
      yield* until(() => watched.length === 2 && heard.length === 1)
      assert.deepStrictEqual(statuses, ["connected", "disconnected", "reconnected"])
      assert.deepStrictEqual(watched, ["1", "2"])
      assert.deepStrictEqual(heard, ["back"])
    }), 30_000)

  it.live(
    "loses nothing for a reader of new messages that had read none before the restart",
    () =>
      Effect.gen(function* () {
        const { bus, server } = yield* ownBus()
        yield* bus.ensureStream(spec)
        yield* bus.publish({ subject: "load.a", data: bytes("old") })
        const reading = yield* Effect.forkScoped(
          collect(bus.consume({ stream: "load", subjects: [], start: { _tag: "New" }, capacity: 8 }), 2),
        )
        yield* eventuallyReading(server.url)
        yield* server.kill
        yield* server.start
        // Another client is back first: its messages come before our reader has its consumer again.
        const other = yield* Effect.provide(Bus, yield* Layer.build(NatsBus.layer({ url: server.url })))
        for (const name of ["x", "y"]) yield* other.publish({ subject: "load.a", data: bytes(name) })
        assert.deepStrictEqual(texts(yield* Fiber.join(reading)), ["x", "y"])
      }),
    30_000,
  )

  it.live(
    "fails publishes to a server that hangs with timeout, and reads on in order when it comes back",
    () =>
      Effect.gen(function* () {
        const { bus, server } = yield* ownBus({ publishTimeout: Duration.millis(500) })
        yield* bus.ensureStream(spec)
        const seen: Array<string> = []
        yield* Effect.forkScoped(Stream.runForEach(bus.consume({ ...fromFirst("load"), capacity: 8 }), (batch) =>
          Effect.sync(() =>
            seen.push(...texts(batch))
          )))
        const publish = (id: string) =>
          bus.publish({ subject: "load.a", data: bytes(id), messageId: id })
        yield* publish("a")
        yield* until(() => seen.length === 1)
        yield* server.freeze
        assert.strictEqual((yield* Effect.flip(publish("b"))).reason, "timeout")
        // Longer than a reader waits for a sign of life.
        yield* Effect.sleep("4 seconds")
        yield* server.thaw
        yield* publish("b").pipe(Effect.retry({ while: (error) => error.retryable }))
        yield* publish("c")
        yield* until(() => seen.includes("c"))
        assert.deepStrictEqual(seen, ["a", "b", "c"])
      }),
    30_000,
  )

  it.live("closes at once while the server is away, and says closed", () =>
    Effect.gen(function* () {
      const server = yield* ownNatsServer()
      const statuses: Array<BusStatus> = []
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(NatsBus.layer({ url: server.url }), scope)
      const bus = yield* Effect.provide(Bus, context)
      const following = yield* Effect.forkScoped(
        Stream.runForEach(bus.status, (status) => Effect.sync(() => statuses.push(status))),
      )
      yield* until(() => statuses.length === 1)
      yield* server.kill
      yield* until(() => statuses.length === 2)
      const startedAtMs = yield* Clock.currentTimeMillis
      yield* Scope.close(scope, Exit.void)
      assert.isBelow((yield* Clock.currentTimeMillis) - startedAtMs, 3000)
      yield* Fiber.join(following)
      assert.deepStrictEqual(statuses, ["connected", "disconnected", "closed"])
    }), 30_000)

  it.live("keeps credentials out of descriptions and errors", () =>
    Effect.gen(function* () {
      const server = yield* ownNatsServer(["--user", "ann", "--pass", "s3cret"])
      const at = `127.0.0.1:${server.port}`
      const url = Redacted.make(`nats://ann:s3cret@${at}`)
      const bus = yield* Effect.provide(Bus, yield* Layer.build(NatsBus.layer({ url })))
      const described = yield* bus.describe
      assert.strictEqual(described.where, at)
      assert.match(described.version, /^\d+\.\d+\.\d+/)
      for (
        const wrong of [
          `nats://ann:wr0ng@${at}`,
          `http://ann:wr0ng@${at}`,
          "nats://ann:wr0ng@:x",
          "nats://ann:wr0ng@127.0.0.1:1",
        ]
      ) {
        const exit = yield* Effect.exit(Layer.build(NatsBus.layer({ url: wrong })))
        assert.isTrue(Exit.isFailure(exit))
        const said = Exit.isFailure(exit) ? `${exit.cause} ${JSON.stringify(exit.cause)}` : ""
        assert.notInclude(said, "wr0ng")
      }
    }), 30_000)
})
