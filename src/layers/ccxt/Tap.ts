/**
 * The taps on one ccxt exchange: where its frames, pongs, failures and filings become ours.
 *
 * In: a fresh ccxt instance. Out: calls of the intake, and of `lost` when a connection ends. Promises: every frame is
 * seen before ccxt parses it; no rejection inside ccxt goes unhandled; a stale rejection never waits for the next
 * subscription. Synchronous: no fiber runs here.
 */
import type { CcxtClient, CcxtExchange } from "./CcxtShape.ts"
import type { Intake } from "./Intake.ts"
import { unpack } from "./Unpack.ts"

export interface TapSignals {
  readonly connected: (url: string) => void
  readonly lost: (detail: string) => void
  /** Every frame of every socket, both ways; `text` null: it has none. */
  readonly heard?: (url: string, direction: "recv" | "send", text: string | null) => void
}

export const describe = (reason: unknown): string => {
  const text = reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason)
  return text.slice(0, 300)
}

const tapClient = (client: CcxtClient, intake: Intake, signals: TapSignals): void => {
  const onMessage = client.onMessage.bind(client)
  client.onMessage = (event) => {
    const frame = unpack(client, event.data, intake.maxFrameCharacters)
    signals.heard?.(client.url, "recv", typeof frame === "string" ? frame : null)
    if (intake.admits(client.url, frame)) onMessage(typeof frame === "string" ? { data: frame } : event)
  }
  const onPong = client.onPong.bind(client)
  client.onPong = () => {
    intake.alive(client.url)
    onPong()
  }
  const resolve = client.resolve.bind(client)
  client.resolve = (result, hash) => {
    const resolved = resolve(result, hash)
    intake.resolved(client.url, hash, result)
    return resolved
  }
  const reject = client.reject.bind(client)
  client.reject = (error, hash) => {
    // A book is fetched again by us; told to ccxt, the error would meet the next subscription of that book.
    if (isUnsubscription(error) || intake.rejected(client.url, hash, error)) return error
    intake.venueError(describe(error))
    signals.lost(describe(error))
    return reject(error, hash)
  }
  const reset = client.reset.bind(client)
  client.reset = (error) => {
    signals.lost(describe(error))
    reset(error)
  }
  const send = client.send.bind(client)
  client.send = (message) => {
    signals.heard?.(client.url, "send", typeof message === "string" ? message : JSON.stringify(message))
    return send(message).catch((error: unknown) => signals.lost(describe(error)))
  }
}

const isUnsubscription = (error: unknown): boolean => error instanceof Error && error.name === "UnsubscribeError"

/** Taps an exchange that has not connected yet. Out: its connections, also those it has dropped since. */
export const tap = (exchange: CcxtExchange, intake: Intake, signals: TapSignals): ReadonlyArray<CcxtClient> => {
  const tapped: Array<CcxtClient> = []
  exchange.log = () => undefined
  const handleMessage = exchange.handleMessage.bind(exchange)
  exchange.handleMessage = (client, message) =>
    intake.message(client.url, message, () => handleMessage(client, message))
  const onConnected = exchange.onConnected.bind(exchange)
  exchange.onConnected = (client, message) => {
    intake.alive(client.url)
    signals.connected(client.url)
    onConnected(client, message)
  }
  const client = exchange.client.bind(exchange)
  exchange.client = (url) => {
    const one = client(url)
    if (!tapped.includes(one)) {
      tapped.push(one)
      tapClient(one, intake, signals)
    }
    return one
  }
  return tapped
}

/** Ends a connection at once: a dead peer would let a polite close wait for half a minute. */
export const cutOff = (client: CcxtClient): void => {
  client.reset(new Error("closed"))
  const { connection } = client
  if (typeof connection !== "object" || connection === null) return
  for (const name of ["terminate", "close"]) {
    const end: unknown = Reflect.get(connection, name)
    if (typeof end !== "function") continue
    try {
      Reflect.apply(end, connection, [])
    } catch {
      // It was never open: there is nothing to end.
    }
    return
  }
}
