/**
 * The ear at one ccxt exchange's REST calls: what is asked and what is answered, told to a FrameListener.
 *
 * In: a fresh exchange. Out: requests and answers, with the time of both. Promises: headers, cookies and request bodies are
 * never told; a parameter whose name looks like a secret loses its value, a URL its user; an exchange that holds a key is
 * not listened to at all. A request that fails without an answer is told as asked alone.
 */
import type { FrameListener } from "../FrameListener.ts"
import type { CcxtExchange } from "./CcxtShape.ts"
import { asText } from "./Values.ts"

const SECRET = /key|sign|secret|token|pass|auth|credential/i
const CREDENTIALS = ["apiKey", "secret", "password", "privateKey", "token", "walletAddress", "uid", "login", "twofa"]

const hasCredentials = (exchange: CcxtExchange): boolean =>
  CREDENTIALS.some((name) => asText(Reflect.get(exchange, name)) !== "")

/** The URL as it may be kept; null: it is none. */
const publicUrl = (text: string): string | null => {
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  url.username = url.password = url.hash = ""
  for (const name of [...url.searchParams.keys()]) if (SECRET.test(name)) url.searchParams.set(name, "")
  return url.href
}

/** From now on every REST call of the exchange is heard. */
export const listenToRest = (
  venue: string,
  exchange: CcxtExchange,
  listener: FrameListener["Service"],
  nowMs: () => number,
): void => {
  /** Times at which what has no answer yet was asked, oldest first. */
  const pending = new Map<string, Array<number>>()

  const fetch = exchange.fetch.bind(exchange)
  exchange.fetch = async (url, method = "GET", headers, body) => {
    const kept = hasCredentials(exchange) ? null : publicUrl(url)
    if (kept === null) return await fetch(url, method, headers, body)
    const askedAtMs = nowMs(), key = `${method} ${url}`
    const times = pending.get(key) ?? []
    pending.set(key, times)
    times.push(askedAtMs)
    listener.asked({ venue, method, url: kept, atMs: askedAtMs })
    try {
      return await fetch(url, method, headers, body)
    } catch (error) {
      // Whatever was not answered stands there still.
      const at = times.indexOf(askedAtMs)
      if (at !== -1) times.splice(at, 1)
      throw error
    } finally {
      if (times.length === 0) pending.delete(key)
    }
  }

  const handleErrors = exchange.handleErrors.bind(exchange)
  exchange.handleErrors = (status, reason, url, method, headers, body, ...rest) => {
    const askedAtMs = pending.get(`${method} ${url}`)?.shift(), kept = publicUrl(url)
    if (askedAtMs !== undefined && kept !== null) {
      listener.answered({ venue, method, url: kept, status, body: asText(body), askedAtMs, atMs: nowMs() })
    }
    return handleErrors(status, reason, url, method, headers, body, ...rest)
  }
}
