/**
 * A look at a NATS server for `doctor`: what it is, what JetStream may store there, which of our streams it has.
 *
 * In: the connection options. Out: a report. Promises: it changes nothing on the server, and credentials are in neither
 * the report nor an error.
 */
import { Effect } from "effect"
import type { FoundStream } from "../Bus.ts"
import { type NatsOptions, openLink } from "./Link.ts"
import { survey } from "./Survey.ts"

export interface Inspected {
  readonly where: string
  readonly version: string
  /** The server is 2.9 or newer. */
  readonly supported: boolean
  readonly maxPayloadBytes: number
  /** What the account may store on disk, and does; a limit of -1 is none. */
  readonly storageLimitBytes: number
  readonly storedBytes: number
  /** The same in the server's memory. */
  readonly memoryLimitBytes: number
  readonly memoryBytes: number
  readonly streams: ReadonlyArray<FoundStream>
}

export const inspect = Effect.fn("Nats.inspect")(
  function* (options: NatsOptions) {
    const { link } = yield* openLink(options)
    const account = yield* link.request("inspect", "", () => link.manager.getAccountInfo())
    return {
      where: link.where,
      version: link.version,
      supported: link.atLeast(2, 9, 0),
      maxPayloadBytes: link.connection.info?.max_payload ?? 0,
      storageLimitBytes: account.limits.max_storage,
      storedBytes: account.storage,
      memoryLimitBytes: account.limits.max_memory,
      memoryBytes: account.memory,
      streams: yield* survey(link),
    } satisfies Inspected
  },
  Effect.scoped,
)
