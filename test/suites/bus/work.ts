/** The Bus suite, third part: work that carries its ack. */
import { assert } from "@effect/vitest"
import { Duration, Effect, Fiber, Stream } from "effect"
import { Bus, type Delivery, type WorkOptions } from "../../../src/layers/Bus.ts"
import { bytes, eventually, type Kit, ownStream, publishTexts, series, text, texts, workOptions } from "./kit.ts"

export const workCases = (kit: Kit): void => {
  const { it } = kit
  const take = (options: WorkOptions, length: number, each: (delivery: Delivery) => Effect.Effect<unknown, unknown>) =>
    Effect.flatMap(Bus, (bus) =>
      bus.work(options).pipe(
        Stream.flattenIterable,
        Stream.tap(each),
        Stream.take(length),
        Stream.map((delivery) => ({ data: delivery.data, attempt: delivery.attempt, sequence: delivery.sequence })),
        Stream.runCollect,
      ))
  const ack = (delivery: Delivery) => delivery.ack

  it.effect("hands out each message once when all are acknowledged, across workers of one name", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream()
      yield* publishTexts(`${name}.a`, series("m", 5))
      const options = workOptions(name, { batchSize: 3 })
      const got = yield* take(options, 5, ack)
      assert.deepStrictEqual(texts(got), series("m", 5))
      assert.deepStrictEqual(got.map((each) => each.attempt), [1, 1, 1, 1, 1])
      yield* bus.publish({ subject: `${name}.a`, data: bytes("later") })
      assert.deepStrictEqual(texts(yield* take(options, 1, ack)), ["later"])
    }))

  it.effect("hands a refused message out again, at once or after the delay asked for", () =>
    Effect.gen(function* () {
      const name = yield* ownStream()
      yield* publishTexts(`${name}.a`, ["now"])
      const options = workOptions(name)
      const again = yield* take(options, 2, (delivery) => delivery.attempt === 1 ? delivery.nak() : delivery.ack)
      assert.deepStrictEqual(again.map((each) => each.attempt), [1, 2])
      yield* publishTexts(`${name}.a`, ["delayed", "other"])
      const delay = Duration.millis(300)
      const fiber = yield* Effect.forkScoped(
        take(options, 3, (delivery) =>
          text(delivery.data) === "delayed" && delivery.attempt === 1 ? delivery.nak(delay) : delivery.ack),
      )
      yield* Effect.yieldNow
      yield* kit.pass("350 millis")
      assert.deepStrictEqual(texts(yield* Fiber.join(fiber)), ["delayed", "other", "delayed"])
    }))

  it.effect("never hands a terminated message out again", () =>
    Effect.gen(function* () {
      const name = yield* ownStream()
      yield* publishTexts(`${name}.a`, ["poison", "good"])
      const options = workOptions(name, { ackWait: Duration.millis(200) })
      yield* take(options, 2, (delivery) => text(delivery.data) === "poison" ? delivery.term("bad") : delivery.ack)
      yield* kit.pass("300 millis")
      yield* publishTexts(`${name}.a`, ["next"])
      assert.deepStrictEqual(texts(yield* take(options, 1, ack)), ["next"])
    }))

  it.effect("hands an unanswered message out again after its ack wait, at most maxDeliver times", () =>
    Effect.gen(function* () {
      const name = yield* ownStream()
      yield* publishTexts(`${name}.a`, ["lost"])
      const options = workOptions(name, { ackWait: Duration.millis(200), maxDeliver: 2 })
      const got: Array<string> = []
      const fiber = yield* Effect.forkScoped(take(options, 3, (delivery) => {
        got.push(`${text(delivery.data)}#${delivery.attempt}`)
        return text(delivery.data) === "lost" ? Effect.void : delivery.ack
      }))
      yield* eventually(kit, Effect.sync(() => got.length === 1))
      yield* kit.pass("250 millis")
      yield* eventually(kit, Effect.sync(() => got.length === 2))
      yield* kit.pass("250 millis")
      yield* kit.pass("250 millis")
      yield* publishTexts(`${name}.a`, ["next"])
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(got, ["lost#1", "lost#2", "next#1"])
    }))

  it.effect("leaves a message with its worker while the worker says it is in progress", () =>
    Effect.gen(function* () {
      const name = yield* ownStream()
      yield* publishTexts(`${name}.a`, ["slow"])
      const options = workOptions(name, { ackWait: Duration.millis(400) })
      const deliveries: Array<Delivery> = []
      yield* Effect.forkScoped(take(options, 9, (delivery) => Effect.sync(() => deliveries.push(delivery))))
      yield* eventually(kit, Effect.sync(() => deliveries.length === 1))
      for (let step = 0; step < 4; step++) {
        yield* kit.pass("200 millis")
        for (const delivery of deliveries.slice(0, 1)) yield* delivery.inProgress
      }
      assert.strictEqual(deliveries.length, 1)
      for (const delivery of deliveries) yield* delivery.ack
      yield* kit.pass("500 millis")
      assert.strictEqual(deliveries.length, 1)
    }))

  it.effect("leaves what waits behind a slow message with its worker, beside one that is idle", () =>
    Effect.gen(function* () {
      const name = yield* ownStream()
      const options = workOptions(name, { ackWait: Duration.millis(1_500), batchSize: 4 })
      const got: Array<Delivery> = []
      let busy = true
      const slowly = Effect.fnUntraced(function* (delivery: Delivery) {
        got.push(delivery)
        while (busy && text(delivery.data) === "slow") {
          yield* delivery.inProgress
          yield* kit.pause
        }
        yield* delivery.ack
      })
      yield* publishTexts(`${name}.a`, ["slow"])
      yield* Effect.forkScoped(take(options, Infinity, slowly))
      yield* eventually(kit, Effect.sync(() => got.length === 1))
      yield* publishTexts(`${name}.a`, series("m", 3))
      yield* kit.pause
      yield* Effect.forkScoped(take(options, Infinity, slowly))
      for (let step = 0; step < 6; step++) yield* kit.pass("500 millis")
      busy = false
      yield* publishTexts(`${name}.a`, ["last"])
      yield* eventually(kit, Effect.sync(() => texts(got).includes("last")))
      assert.deepStrictEqual(texts(got).toSorted(), ["last", "m0", "m1", "m2", "slow"])
      assert.isTrue(got.every(({ attempt }) => attempt === 1))
    }))

  it.effect("keeps at most maxAckPending messages out", () =>
    Effect.gen(function* () {
      const name = yield* ownStream()
      yield* publishTexts(`${name}.a`, series("m", 10))
      const deliveries: Array<Delivery> = []
      yield* Effect.forkScoped(
        take(workOptions(name, { maxAckPending: 3 }), 10, (delivery) => Effect.sync(() => deliveries.push(delivery))),
      )
      yield* eventually(kit, Effect.sync(() => deliveries.length === 3))
      for (let look = 0; look < 5; look++) yield* kit.pause
      assert.strictEqual(deliveries.length, 3)
      for (let answered = 0; answered < 10; answered++) {
        yield* eventually(kit, Effect.sync(() => deliveries.length > answered))
        yield* deliveries[answered]?.ack ?? Effect.void
      }
      assert.deepStrictEqual(texts(deliveries), series("m", 10))
    }))

  it.effect("shares the work between two workers, nothing twice", () =>
    Effect.gen(function* () {
      const name = yield* ownStream()
      const got: Array<string> = []
      const counts = [0, 0]
      const options = workOptions(name, { batchSize: 5 })
      for (const worker of [0, 1]) {
        yield* Effect.forkScoped(take(options, Infinity, (delivery) =>
          Effect.andThen(
            delivery.ack,
            Effect.sync(() => {
              got.push(text(delivery.data))
              counts[worker] = (counts[worker] ?? 0) + 1
            }),
          )))
      }
      for (let round = 0; round < 20; round++) {
        yield* publishTexts(`${name}.a`, series(`${round}-`, 10))
        yield* eventually(kit, Effect.sync(() => got.length === (round + 1) * 10))
      }
      assert.strictEqual(new Set(got).size, 200)
      assert.strictEqual(got.length, 200)
      assert.isTrue((counts[0] ?? 0) + (counts[1] ?? 0) === 200)
    }))

  it.effect("keeps to its subjects and gives each durable name all of them", () =>
    Effect.gen(function* () {
      const name = yield* ownStream()
      for (const subject of ["a.x", "b.x", "c.x", "a.y"]) yield* publishTexts(`${name}.${subject}`, [subject])
      const read = (durable: string, subjects: ReadonlyArray<string>, length: number) =>
        Effect.map(
          take(workOptions(name, { durable, subjects: subjects.map((subject) => `${name}.${subject}`) }), length, ack),
          texts,
        )
      assert.deepStrictEqual(yield* read("one", ["a.*"], 2), ["a.x", "a.y"])
      assert.deepStrictEqual(yield* read("two", ["a.*", "c.x"], 3), ["a.x", "c.x", "a.y"])
      assert.deepStrictEqual(yield* read("all", [], 4), ["a.x", "b.x", "c.x", "a.y"])
    }))
}
