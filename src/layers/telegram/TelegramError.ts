/**
 * Why a Bot API call did not do what was asked, in the terms in which a sender must decide what follows.
 *
 * In: what grammY throws. Out: a `TelegramError` with one reason of a closed list. Promises: `Unknown` is said only
 * when the request may have been carried out; no text here holds the bot token.
 */
import { Schema } from "effect"
import { GrammyError, HttpError } from "grammy"
import { TransportFault } from "./Transport.ts"

const detail = { detail: Schema.String }

/** Retry after the time; this chat only, unless the call named none. */
export class RateLimited extends Schema.TaggedError<RateLimited>()("RateLimited", { afterMs: Schema.Int }) {}
/** Blocked, kicked, deactivated, not found, or no right to write there. Not retried before the chat's next contact. */
export class ChatGone extends Schema.TaggedError<ChatGone>()("ChatGone", detail) {}
/** The group lives on under a new id: retry there. */
export class Migrated extends Schema.TaggedError<Migrated>()("Migrated", { toChatId: Schema.String }) {}
/** An edit that changes nothing. Not retried: the message is as wanted. */
export class NotModified extends Schema.TaggedError<NotModified>()("NotModified", {}) {}
/** Never accepted as it is. Not retried. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", { status: Schema.Int, ...detail }) {}
/** Surely not carried out: no connection, 5xx, a wrong token, another poller. Worth a retry. */
export class Unavailable extends Schema.TaggedError<Unavailable>()("Unavailable", detail) {}
/** Sent, and nobody knows what became of it. The caller decides whether twice is better than never. */
export class Unknown extends Schema.TaggedError<Unknown>()("Unknown", detail) {}

export const Reason = Schema.Union([RateLimited, ChatGone, Migrated, NotModified, Refused, Unavailable, Unknown])
export type Reason = typeof Reason.Type

export class TelegramError extends Schema.TaggedError<TelegramError>()("TelegramError", {
  method: Schema.String,
  reason: Reason,
}) {
  get retryable(): boolean {
    const { _tag } = this.reason
    return _tag === "RateLimited" || _tag === "Migrated" || _tag === "Unavailable"
  }

  override get message(): string {
    const { reason } = this
    return `${this.method}: ${reason._tag}${"detail" in reason ? ` (${reason.detail})` : ""}`
  }
}

const DETAIL_LENGTH = 300
/** Where Telegram asks to wait without saying how long. */
const DEFAULT_WAIT_MS = 5_000

const GONE =
  /chat not found|user not found|user is deactivated|chat was deleted|chat was deactivated|PEER_ID_INVALID|CHAT_WRITE_FORBIDDEN|CHAT_RESTRICTED|have no rights to send|not enough rights to send/i

const ofAnswer = (error: GrammyError): Reason => {
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

const ofFault = (fault: TransportFault): Reason => {
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
