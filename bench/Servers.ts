/**
 * Buses for a pass: a nats-server of the benchmark's own, and names that no other pass uses.
 *
 * In: nothing. Out: a server on a free port with its store in a temporary folder, so that its CPU is this benchmark's
 * alone and the disk starts empty; layers on it whose streams go with the layer.
 */
import { randomUUID } from "node:crypto"
import { Effect, Layer, Option } from "effect"
import { Bus, type BusError } from "../src/layers/Bus.ts"
import * as NatsBus from "../src/layers/nats/Bus.ts"
import { ensureStreams } from "../src/streams/Topology.ts"
import { natsServer, ownNatsServer } from "../test/support/natsServer.ts"
import { removeAll } from "../test/support/jetstream.ts"

export interface OwnServer {
  readonly url: string
  readonly pid: number
}

export const ownServer = Effect.gen(function* () {
  if (!natsServer.available) return yield* Effect.fail(new Error(natsServer.why))
  const server = yield* ownNatsServer()
  const pid = Option.getOrElse(Option.fromNullishOr(server.pid()), () => -1)
  return { url: server.url, pid }
})

/** Fresh streams on `server`; they are removed at the end. */
export const freshBus = (server: OwnServer): Layer.Layer<Bus, BusError> =>
  Layer.unwrap(Effect.gen(function* () {
    const prefix = `bench-${randomUUID().slice(0, 8)}-`
    yield* Effect.addFinalizer(() => Effect.promise(() => removeAll(server.url, prefix)))
    return withStreams(NatsBus.layer({ url: server.url, streamPrefix: prefix, subjectPrefix: prefix }))
  }))

/** The product's streams, made before anything else sees the bus. */
export const withStreams = <E>(bus: Layer.Layer<Bus, E>): Layer.Layer<Bus, E | BusError> =>
  Layer.effectDiscard(ensureStreams).pipe(Layer.provideMerge(bus))
