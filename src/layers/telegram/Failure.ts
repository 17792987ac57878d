/**
 * What grammY throws, in the terms of the port.
 *
 * In: anything thrown by a call. Out: a `TelegramError`. Promises: `Unknown` is said only when the request may have been
 * carried out; nothing of a foreign error but Telegram's own description gets through.
 */
import { GrammyError, HttpError } from "grammy/web"
import {
  ChatGone,
  Migrated,
  NotModified,
  RateLimited,
  Refused,
  TelegramError,
  type TelegramReason,
  Unavailable,
  Unknown,
} from "../Telegram.ts"
import { TransportFault } from "./Transport.ts"

const DETAIL_LENGTH = 300
/** Where Telegram asks to wait without saying how long. */
const DEFAULT_WAIT_MS = 5_000

const GONE =
  /chat not found|user not found|user is deactivated|chat was deleted|chat was deactivated|PEER_ID_INVALID|CHAT_WRITE_FORBIDDEN|CHAT_RESTRICTED|have no rights to send|not enough rights to send/i

const ofAnswer = (error: GrammyError): TelegramReason => {
  const { description, error_code: status, parameters } = error
  const said = { detail: description.slice(0, DETAIL_LENGTH) }
  if (parameters.migrate_to_chat_id !== undefined) return new Migrated({ toChatId: `${parameters.migrate_to_chat_id}` })
  if (status === 429 || parameters.retry_after !== undefined) {
    const seconds = parameters.retry_after
    return new RateLimited({
      afterMs: seconds === undefined ? DEFAULT_WAIT_MS : Math.max(0, Math.ceil(seconds * 1_000)),
    })
  }
  if (status === 403) return new ChatGone(said)
  // 401 and 404 speak of the token, 409 of another poller: the request is sound, the service is not at our disposal.
  if (status >= 500 || status === 401 || status === 404 || status === 409) return new Unavailable(said)
  if (/message is not modified/i.test(description)) return new NotModified()
  if (GONE.test(description)) return new ChatGone(said)
  return new Refused({ status, ...said })
}

const ofFault = (fault: TransportFault): TelegramReason => {
  const said = { detail: fault.message }
  if (fault.kind === "not_sent") return new Unavailable(said)
  if (fault.kind === "no_answer" || fault.status === null) return new Unknown(said)
  if (fault.status === 429) return new RateLimited({ afterMs: DEFAULT_WAIT_MS })
  // A front server that answers with an error did not hand the request on; a 2xx of a strange form may have.
  return fault.status >= 300 ? new Unavailable(said) : new Unknown(said)
}

/** Classifies whatever a grammY call threw. */
export const fromThrown = (method: string, thrown: unknown): TelegramError => {
  const inner = thrown instanceof HttpError ? thrown.error : thrown
  const reason = inner instanceof GrammyError
    ? ofAnswer(inner)
    : inner instanceof TransportFault
    ? ofFault(inner)
    : new Unknown({ detail: "the client failed" })
  return new TelegramError({ method, reason })
}
