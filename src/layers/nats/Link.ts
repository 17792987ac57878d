/**
 * The one connection to NATS: made, watched and closed here.
 *
 * `up` -> `down` when the server goes away -> `up` again; NATS.js redials for ever, after 50 ms and then ever longer,
 * at most 2 s, jittered. Publishers and readers hear of both by `listeners` and bring their own work up to date.
 * In: the URL (credentials are taken out of it at once and never appear in errors, logs or `where`). Out: requests
 * that wait a bounded time for the link. Timers are real ones: the server does not live in virtual time.
 */
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream"
import { connect, type ConnectionOptions, type NatsConnection } from "@nats-io/transport-node"
import { type Context, Duration, Effect, PubSub, Random, Redacted, Result, Stream } from "effect"
import { BusError, type BusStatus } from "../Bus.ts"
import { Signal } from "../Signal.ts"
import { toBusError } from "./Errors.ts"
import { makeNames, type Names } from "./Names.ts"

export interface NatsOptions {
  /** `nats://[user:password@|token@]host[:port]`, several separated by commas; `tls://` demands TLS. */
  readonly url: Redacted.Redacted<string> | string
  /** In front of the names of streams and buckets; empty in production. */
  readonly streamPrefix?: string
  /** In front of every subject, without the last dot; empty in production. */
  readonly subjectPrefix?: string
  /** How long a publish may make no progress before it fails with `timeout`. Default 5 s. */
  readonly publishTimeout?: Duration.Duration
  /** Publishes sent and not yet acknowledged at most; others wait. Default 256. */
  readonly publishWindow?: number
  /** How long any other request may take, waiting for the link included. Default 5 s. */
  readonly requestTimeout?: Duration.Duration
}

const FIRST_REDIAL_MS = 50
const REDIAL_CAP_MS = 2000
const CONNECT_TIMEOUT_MS = 5000
const PING_EVERY_MS = 5000

export interface LinkListener {
  readonly up: () => void
  readonly down: () => void
}

/** Addresses and credentials apart; the error never repeats its input. */
export const readUrl = (
  text: string,
): Result.Result<ConnectionOptions & { readonly servers: Array<string> }, string> => {
  const servers: Array<string> = []
  let credentials: Pick<ConnectionOptions, "user" | "pass" | "token"> = {}
  let tls = false
  for (const part of text.split(",")) {
    const parsed = URL.parse(part.includes("://") ? part.trim() : `nats://${part.trim()}`)
    if (parsed === null || parsed.hostname === "") return Result.fail("the NATS URL is malformed")
    if (parsed.protocol !== "nats:" && parsed.protocol !== "tls:") {
      return Result.fail("the NATS URL must begin with nats:// or tls://")
    }
    tls ||= parsed.protocol === "tls:"
    servers.push(`${parsed.hostname}:${parsed.port === "" ? 4222 : parsed.port}`)
    const [user, pass] = [decode(parsed.username), decode(parsed.password)]
    if (user === undefined || pass === undefined) return Result.fail("the NATS URL's credentials are malformed")
    if (user !== "") credentials = pass === "" ? { token: user } : { user, pass }
  }
  return Result.succeed({ servers, ...credentials, ...(tls ? { tls: {} } : {}) })
}

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

export class Link {
  readonly connection: NatsConnection
  readonly manager: JetStreamManager
  readonly names: Names
  readonly where: string
  /** For metrics that plain callbacks count. */
  readonly services: Context.Context<never>
  readonly requestTimeoutMs: number
  readonly listeners: Set<LinkListener> = new Set()
  readonly changed: Signal = new Signal()
  /** Streams that forget single messages by their time to live, and the subjects of each. */
  readonly forgetting: Map<string, (subject: string) => boolean> = new Map()
  up = true
  #version: string

  constructor(
    connection: NatsConnection,
    manager: JetStreamManager,
    where: string,
    services: Context.Context<never>,
    options: NatsOptions,
  ) {
    this.connection = connection
    this.manager = manager
    this.where = where
    this.services = services
    this.names = makeNames(options.streamPrefix ?? "", options.subjectPrefix ?? "")
    this.requestTimeoutMs = requestTimeoutMs(options)
    this.#version = connection.info?.version ?? "unknown"
  }

  /** The server's version, the last one seen while it is away. */
  get version(): string {
    this.#version = this.connection.info?.version ?? this.#version
    return this.#version
  }

  /** True if the server is at least that new; asked anew each time, since a restart may bring another. */
  atLeast(major: number, minor: number, patch: number): boolean {
    const [a = 0, b = 0, c = 0] = this.version.split(/[.-]/).map(Number)
    return a !== major ? a > major : b !== minor ? b > minor : c >= patch
  }

  set(up: boolean): void {
    this.up = up
    for (const listener of this.listeners) up ? listener.up() : listener.down()
    this.changed.notify()
  }

  /** Sends and forgets; nothing once the connection is closed, so that late finalizers do not fail. */
  post(subject: string, payload = "", reply?: string): void {
    if (this.connection.isClosed()) return
    this.connection.publish(subject, payload, reply === undefined ? {} : { reply })
  }

  /** Fails with `timeout` when `effect` takes longer than `requestTimeout`. */
  bounded<A>(operation: string, subject: string, effect: Effect.Effect<A, BusError>): Effect.Effect<A, BusError> {
    const detail = `the NATS server did not answer within ${this.requestTimeoutMs} ms`
    const late = new BusError({ reason: "timeout", operation, subject, detail })
    return Effect.raceFirst(effect, Effect.andThen(realSleep(this.requestTimeoutMs), Effect.fail(late)))
  }

  /** Returns at once while the link is up, else when it is again; `timeout` after `requestTimeout`. */
  ready(operation: string, subject: string): Effect.Effect<void, BusError> {
    return this.up ? Effect.void : this.bounded(operation, subject, this.changed.waitUntil(() => this.up))
  }

  /** One request to the server, once the link is up. */
  request<A>(operation: string, subject: string, call: () => Promise<A>): Effect.Effect<A, BusError> {
    const asked = Effect.tryPromise({ try: call, catch: toBusError(operation, subject) })
    return Effect.suspend(() => Effect.andThen(this.ready(operation, subject), asked))
  }
}

const requestTimeoutMs = (options: NatsOptions): number =>
  Duration.toMillis(options.requestTimeout ?? Duration.seconds(5))

/** Sleeps in real time, whatever the Clock of the fiber is. */
export const realSleep = (ms: number): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const timer = setTimeout(() => resume(Effect.void), ms)
    return Effect.sync(() => clearTimeout(timer))
  })

/** Connects, and keeps the connection for the scope. Fails with `unavailable` if no server answers now. */
export const openLink = Effect.fnUntraced(function* (options: NatsOptions) {
  const url = typeof options.url === "string" ? options.url : Redacted.value(options.url)
  const parsed = readUrl(url)
  if (Result.isFailure(parsed)) {
    return yield* new BusError({ reason: "rejected", operation: "connect", subject: "", detail: parsed.failure })
  }
  const random = yield* Random.Random
  let dials = 0
  const target: ConnectionOptions = {
    ...parsed.success,
    name: "arbedge",
    timeout: CONNECT_TIMEOUT_MS,
    pingInterval: PING_EVERY_MS,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    reconnectDelayHandler: () => {
      const cap = Math.min(REDIAL_CAP_MS, FIRST_REDIAL_MS * 2 ** dials)
      return cap / 2 + random.nextDoubleUnsafe() * cap / 2
    },
  }
  const where = parsed.success.servers.join(",")
  const connection = yield* Effect.acquireRelease(
    Effect.tryPromise({ try: () => connect(target), catch: toBusError("connect", where) }),
    // Not drained: whatever matters was acknowledged, and draining would wait for a server that is away.
    (open) => Effect.promise(() => open.close()),
  )
  const manager = yield* Effect.tryPromise({
    try: () => jetstreamManager(connection, { timeout: requestTimeoutMs(options), checkAPI: false }),
    catch: toBusError("connect", where),
  })
  const link = new Link(connection, manager, where, yield* Effect.context<never>(), options)
  const events = yield* PubSub.sliding<BusStatus>({ capacity: 64 })
  yield* Stream.fromAsyncIterable(connection.status(), toBusError("status", where)).pipe(
    Stream.runForEach((status) => {
      if (status.type === "reconnecting") dials += 1
      if (status.type === "disconnect" && link.up) {
        link.set(false)
        return PubSub.publish(events, "disconnected")
      }
      if (status.type === "reconnect") {
        dials = 0
        link.set(true)
        return PubSub.publish(events, "reconnected")
      }
      return Effect.void
    }),
    Effect.ignore,
    Effect.forkScoped,
  )
  yield* Effect.addFinalizer(() => PubSub.publish(events, "closed"))
  return { link, status: statusOf(link, events) }
})

const statusOf = (link: Link, events: PubSub.PubSub<BusStatus>): Stream.Stream<BusStatus> =>
  Stream.unwrap(Effect.map(PubSub.subscribe(events), (subscription): Stream.Stream<BusStatus> => {
    const now: BusStatus = link.up ? "connected" : "disconnected"
    return Stream.concat(Stream.make(now), Stream.fromSubscription(subscription))
  })).pipe(Stream.takeUntil((status) => status === "closed"))
