/**
 * A look at a NATS server for `doctor`: what it is, what JetStream may store there, which of our streams it has.
 *
 * In: the connection options and the names of our streams. Out: a report; a stream that is absent is no error. Promises:
 * it changes nothing on the server, and credentials are in neither the report nor an error.
 */
import { Effect, Option } from "effect"
import type { BusError, StreamState } from "../Bus.ts"
import { type NatsOptions, openLink } from "./Link.ts"

export interface InspectedStream {
  readonly name: string
  readonly state: Option.Option<StreamState & { readonly maxBytes: number }>
}

export interface Inspected {
  readonly where: string
  readonly version: string
  /** The server is 2.9 or newer. */
  readonly supported: boolean
  readonly maxPayloadBytes: number
  /** What the account may store on disk, and does; a limit of -1 is none. */
  readonly storageLimitBytes: number
  readonly storedBytes: number
  readonly streams: ReadonlyArray<InspectedStream>
}

export const inspect = Effect.fn("Nats.inspect")(
  function* (options: NatsOptions, names: ReadonlyArray<string>) {
    const { link } = yield* openLink(options)
    const account = yield* link.request("inspect", "", () => link.manager.getAccountInfo())
    const stream = (name: string): Effect.Effect<InspectedStream, BusError> =>
      link.request("inspect", name, () => link.manager.streams.info(link.names.stream(name))).pipe(
        Effect.map(({ config, state }) => ({
          name,
          state: Option.some({
            firstSequence: state.first_seq,
            lastSequence: state.last_seq,
            messages: state.messages,
            bytes: state.bytes,
            maxBytes: config.max_bytes,
          }),
        })),
        Effect.catchIf(
          (error) => error.reason === "stream_missing",
          () => Effect.succeed({ name, state: Option.none() }),
        ),
      )
    return {
      where: link.where,
      version: link.version,
      supported: link.atLeast(2, 9, 0),
      maxPayloadBytes: link.connection.info?.max_payload ?? 0,
      storageLimitBytes: account.limits.max_storage,
      storedBytes: account.storage,
      streams: yield* Effect.forEach(names, stream),
    } satisfies Inspected
  },
  Effect.scoped,
)
