/**
 * A local venue: one HTTP server and one websocket server that behave as a `VenueScript` says.
 * Comes in: a script, then steps to play. Goes out: frames to whoever subscribed to their channel, and what was asked.
 * Promises: nothing is sent before it is played; a book channel subscribed late, or again after a cut, is first sent
 * what was played before, so a client that resynchronises finds a consistent venue; `close` leaves no socket behind.
 */
import { Effect, type Scope } from "effect"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { type WebSocket, WebSocketServer } from "ws"
import { asJson, type Frame, type VenueScript } from "./VenueScript.ts"

/** One thing the venue does. `send` may replace the text of its frame; `skip` loses it; `say` adds to the channel. */
export type Step =
  | { readonly kind: "send"; readonly frame: Frame; readonly text?: string }
  | { readonly kind: "skip"; readonly frame: Frame }
  | { readonly kind: "say"; readonly channel: string; readonly text: string }
  | { readonly kind: "cut" }

/** What a venue says when it wants no more requests. */
export interface RestAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

export interface FakeVenue {
  /** `http://127.0.0.1:port`; the websocket listens on the same port. */
  readonly origin: string
  readonly script: VenueScript
  /** Every REST path with its query, in order of arrival. */
  readonly restRequests: ReadonlyArray<string>
  /** Every channel subscribed to, in order of arrival; one subscribed again is listed again. */
  readonly subscriptions: ReadonlyArray<string>
  /** How many websocket connections were opened so far. */
  readonly dials: () => number
  /** While true, new websocket connections and REST requests are refused. */
  readonly refuse: (refusing: boolean) => void
  /** While set, every REST request is answered so. */
  readonly answerRest: (answer: RestAnswer | null) => void
  /** While true, whatever clients say is ignored: the connection is open and dead. */
  readonly mute: (muted: boolean) => void
  /** Resolves once each of these channels has been subscribed to at least `times` times. */
  readonly subscribed: (channels: ReadonlyArray<string>, times?: number) => Promise<void>
  /** Resolves once a REST path that contains this has been asked for, as the n-th request or a later one. */
  readonly requested: (part: string, n?: number) => Promise<void>
  /** Resolves once nobody is connected. */
  readonly deserted: () => Promise<void>
  /** Plays the steps in order, each on a turn of its own. */
  readonly play: (steps: ReadonlyArray<Step>) => Promise<void>
  readonly close: () => Promise<void>
}

const nextTurn = (): Promise<void> => new Promise((done) => setImmediate(done))

export const startFakeVenue = (script: VenueScript): Promise<FakeVenue> => {
  const restRequests: Array<string> = []
  const subscriptions: Array<string> = []
  const listeners = new Map<WebSocket, Set<string>>()
  const played = new Map<string, Array<string>>()
  let waiting: Array<() => void> = []
  let refusing = false
  let muted = false
  let fixed: RestAnswer | null = null
  let dials = 0

  const wakeAll = () => {
    const woken = waiting
    waiting = []
    for (const wake of woken) wake()
  }

  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise<void>((wake) => waiting.push(wake))
  }

  const answerRest = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "/", "http://venue")
    restRequests.push(url.pathname + url.search)
    wakeAll()
    if (fixed !== null) {
      response.writeHead(fixed.status, { "content-type": "application/json", ...fixed.headers })
      response.end(JSON.stringify(fixed.body))
      return
    }
    const body = refusing ? undefined : await script.rest(url, (channel) => played.get(channel) ?? [])
    response.writeHead(refusing ? 503 : body === undefined ? 404 : 200, { "content-type": "application/json" })
    response.end(JSON.stringify(body ?? { msg: refusing ? "refused" : "no such path" }))
  }

  const subscribe = (socket: WebSocket, channels: ReadonlyArray<string>) => {
    for (const channel of channels) {
      listeners.get(socket)?.add(channel)
      subscriptions.push(channel)
      if (script.books.test(channel)) { for (const text of played.get(channel) ?? []) socket.send(text) }
    }
    wakeAll()
  }

  const server = createServer(answerRest)
  const sockets = new WebSocketServer({ server, verifyClient: () => !refusing })
  sockets.on("connection", (socket) => {
    dials++
    listeners.set(socket, new Set())
    socket.on("close", () => {
      listeners.delete(socket)
      wakeAll()
    })
    socket.on("error", () => socket.terminate())
    socket.on("message", (data) => {
      if (muted) return
      const text = data.toString()
      if (text === "ping") return socket.send("pong")
      const message = asJson(JSON.parse(text))
      for (const answer of script.answers(message)) socket.send(JSON.stringify(answer))
      for (const channel of script.unsubscribes?.(message) ?? []) listeners.get(socket)?.delete(channel)
      subscribe(socket, script.subscribes(message))
    })
  })

  const deliver = (channel: string, text: string) => {
    for (const [socket, channels] of listeners) if (channels.has(channel)) socket.send(text)
  }

  const take = (step: Step) => {
    if (step.kind === "cut") {
      for (const socket of listeners.keys()) socket.terminate()
      listeners.clear()
      return
    }
    if (step.kind === "say") return deliver(step.channel, step.text)
    const { channel, text } = step.frame
    const history = played.get(channel)
    if (history === undefined) played.set(channel, [text])
    else history.push(text)
    if (step.kind === "send") deliver(channel, step.text ?? text)
  }

  const subscribed = (channels: ReadonlyArray<string>, times = 1): Promise<void> => {
    const seen = (channel: string) => subscriptions.filter((one) => one === channel).length
    return until(() => channels.every((channel) => seen(channel) >= times))
  }

  const requested = (part: string, n = 1): Promise<void> =>
    until(() => restRequests.slice(n - 1).some((path) => path.includes(part)))

  const play = async (steps: ReadonlyArray<Step>): Promise<void> => {
    for (const step of steps) {
      take(step)
      await nextTurn()
    }
  }

  const close = async (): Promise<void> => {
    for (const socket of sockets.clients) socket.terminate()
    await new Promise<void>((done) => sockets.close(() => done()))
    server.closeAllConnections()
    await new Promise<void>((done) => server.close(() => done()))
  }

  return new Promise((ready, failed) => {
    server.on("error", failed)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      ready({
        origin: `http://127.0.0.1:${port}`,
        script,
        restRequests,
        subscriptions,
        dials: () => dials,
        refuse: (value) => {
          refusing = value
        },
        answerRest: (answer) => {
          fixed = answer
        },
        mute: (value) => {
          muted = value
        },
        subscribed,
        requested,
        deserted: () => until(() => listeners.size === 0),
        play,
        close,
      })
    })
  })
}

/** A fake venue that lives as long as the scope. */
export const fakeVenue = (script: VenueScript): Effect.Effect<FakeVenue, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(() => startFakeVenue(script)),
    (venue) => Effect.promise(() => venue.close()),
  )
