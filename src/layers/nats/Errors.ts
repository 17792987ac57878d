/**
 * What NATS.js and the server say when something fails, in the words of the port.
 *
 * In: a rejected promise or an error answer. Out: a BusError with a reason. Details are the library's messages; it
 * never sees the URL's credentials as part of an address, so they cannot hold any.
 */
import { JetStreamApiError, JetStreamError } from "@nats-io/jetstream"
import { errors } from "@nats-io/nats-core"
import { BusError, type BusReason } from "../Bus.ts"

/** Error codes of the JetStream API that mean more than "rejected". */
const REASON_BY_CODE: ReadonlyMap<number, BusReason> = new Map([
  [10008, "unavailable"], // system temporarily unavailable
  [10039, "unavailable"], // JetStream not enabled for the account
  [10054, "too_large"], // message size exceeds the maximum allowed
  [10059, "stream_missing"],
  [10071, "revision_conflict"], // wrong last sequence
  [10076, "unavailable"], // JetStream not enabled
  [10164, "revision_conflict"], // wrong last sequence, unknown
])

/** The server could not store a message; only the description tells a full stream from a full disk. */
const STORE_FAILED = 10077

/** The reason for an error answer of the JetStream API. */
export const apiReason = (code: number, status: number, description: string): BusReason => {
  if (code === STORE_FAILED && description.includes("maximum")) return "rejected"
  return REASON_BY_CODE.get(code) ?? (status === 503 ? "unavailable" : "rejected")
}

const reasonOf = (cause: unknown): BusReason => {
  if (cause instanceof JetStreamApiError) return apiReason(cause.code, cause.status, cause.message)
  if (cause instanceof errors.TimeoutError) return "timeout"
  if (cause instanceof errors.InvalidArgumentError || cause instanceof errors.InvalidSubjectError) return "rejected"
  if (
    cause instanceof errors.RequestError || cause instanceof errors.NoRespondersError ||
    cause instanceof errors.ClosedConnectionError || cause instanceof errors.DrainingConnectionError ||
    cause instanceof errors.ConnectionError || cause instanceof errors.AuthorizationError ||
    cause instanceof JetStreamError
  ) return "unavailable"
  // JetStreamNotEnabled is thrown when nobody answers the API; its class is not exported.
  return cause instanceof Error && cause.name === "JetStreamNotEnabled" ? "unavailable" : "rejected"
}

/** Turns whatever was thrown during `operation` on `subject` into the port's error. */
export const toBusError = (operation: string, subject: string) => (cause: unknown): BusError =>
  cause instanceof BusError ? cause : new BusError({
    reason: reasonOf(cause),
    operation,
    subject,
    detail: cause instanceof Error ? cause.message : String(cause),
  })
