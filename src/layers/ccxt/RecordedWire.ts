/**
 * The wire of a recording: what stands between ccxt and its venues instead of the network, when a recording is played.
 *
 * In: recorded answers and frames, one by one. Out: they reach the ccxt exchanges that were attached, as if venues had
 * sent them; what those ask and say is known. Promises: no socket is opened and nothing leaves the process; a request
 * waits for its recorded answer (told by method, path and query, whatever the host), each answer is given once.
 */
import type { CcxtClient, CcxtExchange } from "./CcxtShape.ts"

export interface RecordedAnswer {
  readonly status: number
  readonly body: string
}

/** What ccxt's client expects of a socket: that it is open, and takes what is said. */
class RecordedSocket {
  readonly readyState = 1
  readonly said: Array<string>

  constructor(said: Array<string>) {
    this.said = said
  }

  send(message: unknown, _options?: unknown, done?: () => void): void {
    this.said.push(String(message))
    done?.()
  }

  ping(): void {}
  close(): void {}
  terminate(): void {}
}

interface Line {
  readonly client: CcxtClient
  /** What was said over it and not asked about yet. */
  readonly said: Array<string>
}

interface Waiting {
  readonly venue: string
  readonly what: string
  readonly answer: (answer: RecordedAnswer) => void
}

const VOLATILE = /^(_|t|ts|timestamp|nonce)$/i

/** One request, however its host is called. */
const requestKey = (venue: string, method: string, url: string): string => {
  if (!URL.canParse(url)) return `${venue} ${method} ${url}`
  const { pathname, searchParams } = new URL(url)
  for (const name of [...searchParams.keys()]) if (VOLATILE.test(name)) searchParams.delete(name)
  searchParams.sort()
  return `${venue} ${method} ${pathname}?${searchParams}`
}

const lineKey = (venue: string, url: string): string => {
  if (!URL.canParse(url)) return `${venue} ${url}`
  const { pathname, search } = new URL(url)
  return `${venue} ${pathname}${search}`
}

export class RecordedWire {
  readonly #lines = new Map<string, Line>()
  readonly #waiting = new Map<string, Array<Waiting>>()
  /** Answers that nobody had asked for yet when they came. */
  readonly #early = new Map<string, Array<RecordedAnswer>>()
  /** Venues whose connection was lost, and of which nothing has come since. */
  readonly #silent = new Set<string>()
  /** How often the recording asked, less its answers. */
  readonly #unanswered = new Map<string, number>()

  /** Puts itself between a fresh exchange and its venue. */
  readonly attach = (venue: string, exchange: CcxtExchange): void => {
    exchange.fetch = async (url, method = "GET", headers, body) => {
      const { body: text, status } = await this.#ask(venue, method, url)
      const response = { status, statusText: "", headers: new Map(), text: () => Promise.resolve(text) }
      return await exchange.handleRestResponse(response, url, method, headers, body)
    }
    const client = exchange.client.bind(exchange)
    exchange.client = (url) => {
      const one = client(url), known = this.#lines.get(lineKey(venue, url))
      if (known?.client === one) return one
      const said: Array<string> = []
      // Nothing times out that was recorded: the venue's silence stands in the recording.
      Object.assign(one, { keepAlive: 0 })
      one.createConnection = () => {
        Object.assign(one, { connection: new RecordedSocket(said) })
        this.#lines.set(lineKey(venue, url), { client: one, said })
        queueMicrotask(() => one.onOpen())
      }
      return one
    }
  }

  #ask(venue: string, method: string, url: string): Promise<RecordedAnswer> {
    const key = requestKey(venue, method, url), early = this.#early.get(key)?.shift()
    if (early !== undefined) return Promise.resolve(early)
    return new Promise((answer) => {
      const { pathname, search } = new URL(url)
      const what = `${venue} is asked ${method} ${pathname}${search}`
      this.#waiting.set(key, [...this.#waiting.get(key) ?? [], { venue, what, answer }])
    })
  }

  /** The recording asked this. */
  asked(venue: string, method: string, url: string): void {
    this.#silent.delete(venue)
    const key = requestKey(venue, method, url)
    this.#unanswered.set(key, (this.#unanswered.get(key) ?? 0) + 1)
  }

  awaits(venue: string, method: string, url: string): boolean {
    return (this.#waiting.get(requestKey(venue, method, url)) ?? []).length > 0
  }

  /** Gives an answer to whoever has waited for it longest, or keeps it for who asks next. */
  answer(venue: string, method: string, url: string, answer: RecordedAnswer): void {
    const key = requestKey(venue, method, url), [first, ...others] = this.#waiting.get(key) ?? []
    this.#unanswered.set(key, (this.#unanswered.get(key) ?? 0) - 1)
    if (first === undefined) this.#early.set(key, [...this.#early.get(key) ?? [], answer])
    else {
      this.#waiting.set(key, others)
      first.answer(answer)
    }
  }

  /**
   * What waits for an answer; `inVain`: only what the recording does not leave unanswered itself, and of no venue where it
   * ended before the venue was asked again.
   */
  pending(inVain: boolean): ReadonlyArray<string> {
    return [...this.#waiting].flatMap(([key, waiting]) => {
      if (!inVain) return waiting
      const left = Math.max(0, this.#unanswered.get(key) ?? 0)
      return waiting.slice(left).filter(({ venue }) => !this.#silent.has(venue))
    }).map(({ what }) => what)
  }

  isOpen(venue: string, url: string): boolean {
    return this.#lines.has(lineKey(venue, url))
  }

  /** Whether this was said over the connection; each saying counts once. */
  hasSaid(venue: string, url: string, text: string): boolean {
    const said = this.#lines.get(lineKey(venue, url))?.said ?? []
    const at = said.indexOf(text)
    if (at !== -1) said.splice(at, 1)
    return at !== -1
  }

  /** A frame for the connection to this URL. */
  deliver(venue: string, url: string, text: string): void {
    this.#silent.delete(venue)
    this.#lines.get(lineKey(venue, url))?.client.onMessage({ data: text })
  }

  /** All connections of the venue are over. */
  lose(venue: string): void {
    this.#silent.add(venue)
    for (const [key, { client }] of this.#lines) {
      if (!key.startsWith(`${venue} `)) continue
      this.#lines.delete(key)
      client.reset(new Error("the connection was lost, as recorded"))
    }
  }
}
