/**
 * One connection to one venue, from the first dial to its loss.
 *
 * connecting -> connected -> lost; meanwhile each book may be resynchronising
 *
 * In: what to subscribe, where events go. Out: nothing; it ends only by failing with the `ExchangeError` that lost it.
 * Promises: when it ends every instrument it spoke of has had a `gap`, and every socket and timer is gone; a book that breaks is
 * fetched again after a back-off of its own while the rest goes on; a socket that says nothing for `silenceMs` counts
 * as lost, a quiet market does not.
 */
import { Deferred, Duration, Effect, Queue, Random, type Scope } from "effect"
import type { FeedKind, FeedRequest, FeedState } from "../../domain/Feed.ts"
import { inlet, watchFailure } from "../bridge.ts"
import { ExchangeError } from "../Exchange.ts"
import type { FrameListener } from "../FrameListener.ts"
import type { CcxtClient, CcxtExchange } from "./CcxtShape.ts"
import type { ClockOffset } from "./ClockOffset.ts"
import { ask, makeExchange } from "./Connection.ts"
import { countFrames } from "./FeedMetrics.ts"
import { FiledIntake } from "./FiledIntake.ts"
import { Intake, type Surroundings } from "./Intake.ts"
import type { Outlet } from "./Outlet.ts"
import { poll } from "./Polling.ts"
import type { RestGate } from "./RestGate.ts"
import type { CcxtSettings } from "./Settings.ts"
import { Subscribed } from "./Subscribed.ts"
import { cutOff, describe, tap } from "./Tap.ts"
import type { VenueAdapter } from "./VenueAdapter.ts"

/** A venue of which little is known is asked less often, and given longer to answer. */
const CCXT_PING_EVERY = 5, CCXT_PATIENCE = 3

export interface SessionContext {
  readonly adapter: VenueAdapter
  readonly request: FeedRequest
  readonly kinds: ReadonlyArray<FeedKind>
  readonly settings: CcxtSettings
  readonly gate: RestGate
  /** Its markets are taken over. */
  readonly source: CcxtExchange
  readonly outlet: Outlet
  /** Outlives the connection: the venue's clock does not change with it. */
  readonly offset: ClockOffset
  /** Hears every frame; absent: nobody does. */
  readonly listener?: FrameListener["Service"]
}

/** What runs beside each other in one session. */
interface Running extends SessionContext {
  readonly exchange: CcxtExchange
  readonly clients: ReadonlyArray<CcxtClient>
  readonly subscribed: ReadonlyArray<Subscribed>
  readonly intake: Intake
  readonly lost: (detail: string) => void
}

const say = ({ adapter, outlet }: SessionContext, state: FeedState, detail: string): void =>
  outlet.send({ _tag: "State", venue: adapter.id, state, detail, ingestTime: outlet.nowMs() })

const fundingIntervals = (context: SessionContext, exchange: CcxtExchange, subscribed: ReadonlyArray<Subscribed>) => {
  const { adapter, kinds, request } = context, known = adapter.fundingIntervals
  if (known === undefined || !kinds.includes("funding")) return Effect.succeed<ReadonlyMap<string, number>>(new Map())
  return Effect.map(
    ask(adapter.id, "funding intervals", () => known(exchange, request.instruments)),
    (byInstrument) =>
      new Map(subscribed.flatMap(({ instrument, wireId }) => {
        const intervalMs = byInstrument.get(instrument)
        return intervalMs === undefined ? [] : [[wireId, intervalMs] as const]
      })),
  )
}

/** Asks for a new snapshot of one broken book, after a back-off that grows with every break. */
const resynchronise = Effect.fn("Ccxt.resynchronise")(function* (running: Running, instrument: string) {
  const { adapter, exchange, request, settings } = running
  const one = running.subscribed.find((known) => known.instrument === instrument)
  if (one === undefined) return
  const { attempts } = one.keeper
  if (attempts > 1) {
    const delayMs = Math.min(settings.backoffCapMs, settings.backoffBaseMs * 2 ** (attempts - 2))
    yield* Effect.sleep(Duration.millis(delayMs * (yield* Random.nextBetween(0.8, 1.2))))
  }
  say(running, "resynchronising", instrument)
  const client = running.clients.find(({ url }) => url === one.url)
  const resnapshot = adapter.resync
  if (resnapshot === "reconnect" || client === undefined) return running.lost(`the book of ${instrument} broke`)
  one.keeper.forget()
  delete exchange.orderbooks[instrument]
  delete client.subscriptions[one.bookHash]
  watchFailure(
    () => resnapshot(exchange, client, instrument, request.depth),
    (reason) => running.lost(`the book of ${instrument}: ${describe(reason)}`),
  )
  yield* Effect.sleep(Duration.millis(settings.resyncTimeoutMs))
  if (one.keeper.attempts === attempts && one.keeper.phase === "waiting") {
    running.lost(`no snapshot of ${instrument} within ${settings.resyncTimeoutMs} ms`)
  }
})

/** What makes a venue answer that has no file of its own: ccxt's ping, else one of the protocol. */
const pingByCcxt = (exchange: CcxtExchange, client: CcxtClient): Promise<unknown> => {
  const message: unknown = exchange.ping(client)
  if (message !== undefined && message !== null) return client.send(message)
  const { connection } = client
  const ping: unknown = typeof connection === "object" && connection !== null && Reflect.get(connection, "ping")
  if (typeof ping === "function") Reflect.apply(ping, connection, [])
  return Promise.resolve()
}

/** Asks the venue to say something, so that silence means death. */
const pings = (running: Running) => {
  const wireIds = running.subscribed.map(({ wireId }) => wireId)
  const sent = new Map<CcxtClient, number>()
  return (): void => {
    for (const client of running.clients) {
      if (!client.isOpen()) continue
      const n = sent.get(client) ?? 0
      sent.set(client, n + 1)
      const failed = (reason: unknown) => running.lost(describe(reason))
      if (running.adapter.filed !== undefined) {
        if (n % CCXT_PING_EVERY === 0) watchFailure(() => pingByCcxt(running.exchange, client), failed)
        continue
      }
      const message = running.adapter.ping(n, wireIds)
      if (message !== null) watchFailure(() => client.send(message), failed)
    }
  }
}

/** The session's pulse: heartbeats, repeated books, pings, and the search for dead sockets. */
const pulse = Effect.fnUntraced(function* (running: Running) {
  const { adapter, intake, outlet, settings } = running
  const ping = pings(running)
  const limitMs = settings.silenceMs * (adapter.filed === undefined ? 1 : CCXT_PATIENCE)
  let counted = { frames: 0, duplicates: 0, dropped: outlet.dropped }
  while (true) {
    yield* Effect.sleep(Duration.millis(settings.heartbeatMs))
    intake.beat()
    ping()
    const silentMs = intake.silentMs()
    if (silentMs > limitMs) running.lost(`nothing received for ${silentMs} ms`)
    const now = { frames: intake.counts.frames, duplicates: intake.counts.duplicates, dropped: outlet.dropped }
    yield* countFrames(adapter.id, counted, now)
    counted = now
  }
})

type Subscriber = Pick<Running, "adapter" | "exchange" | "request" | "lost">

const subscribe = (to: Subscriber, kind: FeedKind, instruments: ReadonlyArray<string>): void => {
  try {
    for (const started of to.adapter.subscribe[kind]?.(to.exchange, instruments, to.request.depth) ?? []) {
      watchFailure(() => Promise.resolve(started), (reason) => to.lost(describe(reason)))
    }
  } catch (reason) {
    to.lost(describe(reason))
  }
}

/** Runs until the connection is lost. */
export const session = (context: SessionContext): Effect.Effect<never, ExchangeError, Scope.Scope> =>
  Effect.gen(function* () {
    const { adapter, kinds, listener, outlet, offset, request, settings } = context
    say(context, "connecting", "")
    const exchange = yield* makeExchange(adapter, settings, context.gate, listener)
    exchange.setMarketsFromExchange(context.source)
    const subscribed = request.instruments.map((instrument) =>
      new Subscribed(adapter, exchange.market(instrument), settings.maxJump)
    )
    const broken = yield* inlet<string>(Math.max(16, 2 * subscribed.length))
    const ended = yield* Deferred.make<never, ExchangeError>()
    const around: Surroundings = {
      adapter,
      subscribed,
      fundingIntervalMs: yield* fundingIntervals(context, exchange, subscribed),
      cachedBook: (instrument) => exchange.orderbooks[instrument],
      resync: (instrument) => {
        broken.offer(instrument)
      },
      outlet,
      offset,
    }
    let isLost = false
    const fail = (error: ExchangeError): void => {
      if (!isLost) listener?.lost(adapter.id, outlet.nowMs())
      isLost = true
      intake.close()
      Deferred.doneUnsafe(ended, Effect.fail(error))
    }
    const lost = (detail: string): void => fail(new ExchangeError({ reason: "unreachable", venue: adapter.id, detail }))
    const { filed } = adapter, options = { depth: request.depth, ...settings }
    const byCcxt = filed === undefined ? null : new FiledIntake(around, options, {
      book: kinds.includes("book"),
      quote: kinds.includes("quote"),
      bookOnly: filed.quotesByBook,
      needBook: (instrument) => {
        if (!kinds.includes("book")) subscribe({ adapter, exchange, request, lost }, "book", [instrument])
      },
    })
    const intake = byCcxt ?? new Intake(around, options)
    let connected = false
    const signals = {
      lost,
      connected: (url: string) => {
        if (!connected) say(context, "connected", url)
        connected = true
      },
      ...(listener === undefined ? {} : {
        heard: (url: string, direction: "recv" | "send", text: string | null) =>
          listener.heard({ venue: adapter.id, direction, url, text, atMs: outlet.nowMs() }),
      }),
    }
    const clients = yield* Effect.acquireRelease(
      Effect.sync(() => tap(exchange, intake, signals)),
      (tapped) =>
        Effect.sync(() => {
          // What we end ourselves was not lost.
          isLost = true
          intake.close()
          for (const client of tapped) cutOff(client)
        }),
    )
    const running: Running = { ...context, exchange, clients, subscribed, intake, lost }
    yield* Effect.forkScoped(pulse(running))
    yield* Effect.forkScoped(Effect.forever(
      Effect.flatMap(Queue.take(broken.queue), (instrument) => Effect.forkScoped(resynchronise(running, instrument))),
    ))
    for (const kind of kinds) subscribe(running, kind, request.instruments)
    if (filed !== undefined && byCcxt !== null) {
      const alone = kinds.every((kind) => adapter.subscribe[kind] === undefined)
      const polling = poll({
        venue: adapter.id,
        filed,
        exchange,
        intake: byCcxt,
        instruments: request.instruments,
        kinds,
        booksByRest: adapter.subscribe.book === undefined,
        everyMs: settings.pollEveryMs,
        alone,
        answered: () => signals.connected("REST"),
      })
      yield* Effect.forkScoped(Effect.catch(polling, (error) => Effect.sync(() => fail(error))))
    }
    return yield* Deferred.await(ended)
  })
