/**
 * What every part of the Bus suite shares: streams of their own that are removed afterwards, short ways to publish
 * and collect, and a way to let time pass on whichever clock the implementation lives.
 */
import type { Vitest } from "@effect/vitest"
import { Duration, Effect, type Scope, Stream } from "effect"
import { Bus, type BusError, type StoredMessage, type StreamSpec, type WorkOptions } from "../../../src/layers/Bus.ts"

export interface Kit {
  readonly it: Vitest.MethodsNonLive<Bus>
  /** Lets time pass: virtual time jumps, real time is waited for. */
  readonly pass: (duration: Duration.Input) => Effect.Effect<void>
  /** Between two looks at a condition. */
  readonly pause: Effect.Effect<void>
}

let count = 0
/** A name no other test of this file uses. */
export const fresh = (): string => `t${++count}`

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (data: Uint8Array): string => new TextDecoder().decode(data)
export const texts = (messages: ReadonlyArray<{ readonly data: Uint8Array }>): Array<string> =>
  messages.map((message) => text(message.data))

/** Looks until `check` holds; a defect after 500 looks. */
export const eventually = <E, R>(kit: Kit, check: Effect.Effect<boolean, E, R>): Effect.Effect<void, E, R> =>
  Effect.gen(function* () {
    for (let look = 0; look < 500; look++) {
      if (yield* check) return
      yield* kit.pause
    }
    return yield* Effect.die(new Error("the condition never held"))
  })

/** A stream of its own on `<name>.>`, removed when the test ends. */
export const ownStream = (
  limits: Partial<StreamSpec> = {},
): Effect.Effect<string, BusError, Bus | Scope.Scope> =>
  Effect.gen(function* () {
    const bus = yield* Bus
    const name = fresh()
    const spec: StreamSpec = {
      name,
      subjects: [`${name}.>`],
      maxBytes: 16_000_000,
      maxAge: Duration.hours(1),
      dedupWindow: Duration.seconds(30),
      ...limits,
    }
    yield* Effect.acquireRelease(
      bus.ensureStream(spec),
      () => Effect.ignore(bus.removeStream(name)),
    )
    return name
  })

/** Publishes each text on `subject`, in order. */
export const publishTexts = (subject: string, contents: ReadonlyArray<string>) =>
  Effect.flatMap(Bus, (bus) => bus.publishAll(contents.map((content) => ({ subject, data: bytes(content) }))))

/** `prefix0`, `prefix1`, ... */
export const series = (prefix: string, length: number): Array<string> =>
  Array.from({ length }, (_, index) => `${prefix}${index}`)

/** The first `length` messages of an ordered consumer. */
export const collect = <E, R>(
  stream: Stream.Stream<ReadonlyArray<StoredMessage>, E, R>,
  length: number,
): Effect.Effect<Array<StoredMessage>, E, R> =>
  stream.pipe(Stream.flattenIterable, Stream.take(length), Stream.runCollect)

export const workOptions = (stream: string, changes: Partial<WorkOptions> = {}): WorkOptions => ({
  stream,
  subjects: [],
  durable: "worker",
  start: { _tag: "First" },
  ackWait: Duration.seconds(30),
  maxDeliver: 5,
  maxAckPending: 100,
  batchSize: 10,
  ...changes,
})

export const fromFirst = (stream: string, subjects: ReadonlyArray<string> = []) => ({
  stream,
  subjects,
  start: { _tag: "First" } as const,
  capacity: 64,
})
