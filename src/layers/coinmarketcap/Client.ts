/**
 * One request to CoinMarketCap's API.
 *
 * In: a path and the Schema of its answer. Out: the answer, or why there is none. Promises: the key goes into one header
 * of requests to the configured server and nowhere else: redirects are not followed with it, and no error holds it; an
 * answer is at most 1 MiB and comes within 10 s.
 */
import { Clock, Duration, Effect, Option, Redacted, Schema } from "effect"
import { MarketOverviewError, type MarketOverviewReason } from "../MarketOverview.ts"
import { limitEndsMs, reasonOf, Refusal } from "./Answers.ts"

const DEADLINE = Duration.seconds(10)
const MAX_BYTES = 1024 * 1024

/** The part of `fetch` that is used. */
export type Fetch = (input: string, init: RequestInit) => Promise<Response>

export interface ClientOptions {
  readonly key: Redacted.Redacted
  /** Without a slash at the end. */
  readonly apiRoot: string
  readonly fetch: Fetch
}

export const failed = (reason: MarketOverviewReason, detail: string, retryAtMs: number | null = null) =>
  new MarketOverviewError({ reason, detail, retryAtMs })

const decodeRefusal = Schema.decodeUnknownOption(Refusal)

/** Reads no more than is allowed. */
const textOf = async (response: Response): Promise<string> => {
  const decoder = new TextDecoder()
  let text = "", bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.byteLength
    if (bytes > MAX_BYTES) throw new Error("too large")
    text += decoder.decode(part, { stream: true })
  }
  return text + decoder.decode()
}

/** RFC 9110: seconds or a date; null where there is none. */
const retryAfterMs = (header: string | null, nowMs: number): number | null => {
  if (header === null) return null
  const atMs = /^\d+$/.test(header) ? nowMs + Number(header) * 1000 : Date.parse(header)
  return Number.isFinite(atMs) ? Math.max(nowMs, atMs) : null
}

export const makeClient = ({ apiRoot, fetch, key }: ClientOptions) => {
  const secret = Redacted.value(key)
  const redact = (text: string) => text.replaceAll(secret, "<redacted>").slice(0, 200)

  const refused = (status: number, text: string, retryAfter: string | null, nowMs: number): MarketOverviewError => {
    const said = Option.map(decodeRefusal(text), (answer) => answer.status)
    const words = Option.match(said, { onNone: () => "no reason given", onSome: (one) => one.error_message ?? "" })
    const reason = reasonOf(status)
    const retryAtMs = reason === "rate_limited"
      ? retryAfterMs(retryAfter, nowMs) ?? limitEndsMs(
        Option.match(said, {
          onNone: () => 0,
          onSome: (one) => one.error_code,
        }),
        nowMs,
      )
      : null
    const advice = reason === "unauthorized" ? "; correct ARBEDGE_COINMARKETCAP_KEY" : ""
    return failed(reason, `HTTP ${status}: ${redact(words)}${advice}`, retryAtMs)
  }

  /** Out: the answer's `data`, and the credits it cost. */
  const get = <A, I>(path: string, schema: Schema.Codec<{ readonly status: { credit_count: number }; data: A }, I>) =>
    Effect.gen(function* () {
      const nowMs = yield* Clock.currentTimeMillis
      const { retryAfter, status, text } = yield* Effect.tryPromise({
        try: async (signal) => {
          const response = await fetch(apiRoot + path, {
            headers: { accept: "application/json", "X-CMC_PRO_API_KEY": secret },
            redirect: "manual",
            signal,
          })
          return {
            status: response.status,
            retryAfter: response.headers.get("retry-after"),
            text: await textOf(response),
          }
        },
        // What the runtime throws may quote the request.
        catch: () => failed("unreachable", `${apiRoot} did not answer; check the way to it (firewall, proxy)`),
      }).pipe(Effect.timeoutOrElse({
        duration: DEADLINE,
        orElse: () => Effect.fail(failed("unreachable", `no answer within ${Duration.format(DEADLINE)}`)),
      }))
      if (status !== 200) return yield* refused(status, text, retryAfter, nowMs)
      const answer = yield* Effect.mapError(
        Schema.decodeUnknownEffect(schema)(text),
        (error) => failed("malformed", `${path} is not answered in the documented form: ${redact(error.message)}`),
      )
      return { data: answer.data, credits: answer.status.credit_count }
    })

  return { get }
}
