/**
 * How a Bot API request leaves the process: the `fetch` that grammY is given.
 *
 * In: grammY's request, whose address names a method only. Out: a checked Bot API answer, or a `TransportFault` that
 * says how far the request came. Promises: the token is put into the address here and nowhere else, so that nothing
 * grammY holds, throws or prints can carry it; what the runtime throws (its messages quote the address) never gets out.
 */
import { Option, Redacted, Schema } from "effect"

/** The part of `fetch` that is used. */
export type Fetch = (input: string, init: RequestInit) => Promise<Response>

/** Stands in grammY for the token: it builds no address with it. */
export const PLACEHOLDER_TOKEN = "0:held-by-the-transport"

const Answer = Schema.fromJsonString(Schema.Union([
  Schema.Struct({ ok: Schema.Literal(true), result: Schema.Unknown }),
  Schema.Struct({
    ok: Schema.Literal(false),
    error_code: Schema.Int,
    description: Schema.String,
    parameters: Schema.optionalKey(Schema.Struct({
      retry_after: Schema.optionalKey(Schema.Finite),
      migrate_to_chat_id: Schema.optionalKey(Schema.Int),
    })),
  }),
]))
const decodeAnswer = Schema.decodeUnknownOption(Answer)

/**
 * - `not_sent`: there was no connection, so the request never left
 * - `no_answer`: it may have left, and no answer came back
 * - `bad_answer`: something answered, and not in the Bot API's form
 */
export type FaultKind = "not_sent" | "no_answer" | "bad_answer"

export class TransportFault extends Error {
  override readonly name = "TransportFault"
  readonly kind: FaultKind
  /** The HTTP status of a `bad_answer`, else null. */
  readonly status: number | null

  constructor(kind: FaultKind, status: number | null, detail: string) {
    super(detail)
    this.kind = kind
    this.status = status
  }
}

const Codes = Schema.Struct({
  code: Schema.optionalKey(Schema.Unknown),
  syscall: Schema.optionalKey(Schema.Unknown),
  message: Schema.optionalKey(Schema.Unknown),
  cause: Schema.optionalKey(Schema.Unknown),
})
const decodeCodes = Schema.decodeUnknownOption(Codes)

const BEFORE_SENDING =
  /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|CERT_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+)$/

/** What the runtime says of a failed fetch, reduced to words that cannot quote the address. */
const faultOf = (thrown: unknown): TransportFault => {
  for (let error: unknown = thrown, depth = 0; depth < 4; depth++) {
    const { cause, code, message, syscall }: typeof Codes.Type = Option.getOrElse(decodeCodes(error), () => ({}))
    // Node names a code; Deno writes "client error (Connect): ..." into the message.
    if (typeof code === "string") {
      const early = BEFORE_SENDING.test(code) || (code === "ETIMEDOUT" && syscall === "connect")
      return new TransportFault(early ? "not_sent" : "no_answer", null, early ? `no connection (${code})` : code)
    }
    const stage = typeof message === "string" ? /client error \((\w+)\)/.exec(message)?.[1] : undefined
    if (stage !== undefined) {
      const early = stage === "Connect"
      return new TransportFault(early ? "not_sent" : "no_answer", null, early ? "no connection" : "connection lost")
    }
    if (cause === undefined) break
    error = cause
  }
  return new TransportFault("no_answer", null, "connection lost")
}

/** Any object with the shape of an AbortSignal: grammY brings one of its own making, which `fetch` refuses. */
interface SignalLike {
  readonly aborted: boolean
  readonly addEventListener: (type: "abort", listener: () => void) => void
  readonly removeEventListener: (type: "abort", listener: () => void) => void
}

export interface GrammyRequest {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: BodyInit
  readonly signal?: SignalLike | null
  readonly duplex?: "half"
}

/** Files come as a stream, which not every runtime sends; they are small. */
const whole = (body: BodyInit): Promise<BodyInit> | BodyInit =>
  body instanceof ReadableStream ? new Response(body).arrayBuffer() : body

const methodOf = (address: string | URL): string => String(address).split("/").at(-1) ?? ""

/** `buildUrl` for grammY's client options, and its `fetch`, which also ends when `owner` is aborted. */
export const make = (options: {
  readonly token: Redacted.Redacted
  /** Without a slash at the end. */
  readonly apiRoot: string
  readonly fetch: Fetch
}) => {
  const token = Redacted.value(options.token)
  // A proxy may quote the address in its refusal.
  const redact = (text: string) =>
    text.replaceAll(token, "<redacted>").replaceAll(encodeURIComponent(token), "<redacted>")
  return {
    buildUrl: (_root: string, _token: string, method: string): string => `telegram:/${method}`,
    fetch: (owner?: AbortSignal) => async (address: string | URL, request: GrammyRequest = {}) => {
      const abort = new AbortController()
      const onAbort = () => abort.abort()
      const signals = [owner, request.signal ?? undefined].filter((signal) => signal !== undefined)
      for (const signal of signals) signal.addEventListener("abort", onAbort)
      if (signals.some(({ aborted }) => aborted)) onAbort()
      try {
        const url = `${options.apiRoot}/bot${token}/${methodOf(address)}`
        const response = await options.fetch(url, {
          method: request.method ?? "POST",
          headers: { "content-type": request.headers?.["content-type"] ?? "application/json" },
          ...(request.body === undefined ? {} : { body: await whole(request.body) }),
          signal: abort.signal,
          // A redirect comes from a portal or a proxy, never from Telegram: it must not be followed with the body.
          redirect: "manual",
        }).catch((thrown: unknown) => Promise.reject(faultOf(thrown)))
        const { status } = response
        const text = await response.text()
          .catch(() => Promise.reject(new TransportFault("no_answer", null, "the answer broke off")))
        const answer = decodeAnswer(redact(text))
        if (Option.isNone(answer)) {
          throw new TransportFault("bad_answer", status, `HTTP ${status}, not the Bot API's form`)
        }
        return { status, json: () => Promise.resolve(answer.value) }
      } finally {
        for (const signal of signals) signal.removeEventListener("abort", onAbort)
      }
    },
  }
}
