/**
 * Messages as NATS hands them over, turned into the port's. In: a message of the connection. Out: subject without our
 * prefix, data as received, headers without the protocol's own (`Nats-...`). The data is a view of the received
 * bytes, not a copy.
 */
import type { Msg, MsgHdrs } from "@nats-io/nats-core"
import type { LiveMessage, StoredMessage } from "../Bus.ts"
import type { Link } from "./Link.ts"
import type { Position } from "./PullLoop.ts"

const NO_HEADERS: Readonly<Record<string, string>> = {}

/** The publisher's headers: those of the protocol are left out. */
export const ownHeaders = (received: MsgHdrs | undefined): Readonly<Record<string, string>> => {
  if (received === undefined) return NO_HEADERS
  const own: Record<string, string> = {}
  for (const name of received.keys()) if (!name.startsWith("Nats-")) own[name] = received.get(name)
  return own
}

export const toLive = (link: Link, message: Msg): LiveMessage => ({
  subject: link.names.local(message.subject),
  data: message.data,
  headers: ownHeaders(message.headers),
})

export const toStored = (link: Link, message: Msg, position: Position): StoredMessage => ({
  subject: link.names.local(message.subject),
  data: message.data,
  headers: ownHeaders(message.headers),
  sequence: position.streamSequence,
  storedAtMs: position.storedAtMs,
})
