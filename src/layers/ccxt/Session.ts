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
import type { CcxtClient, CcxtExchange } from "./CcxtShape.ts"
import type { ClockOffset } from "./ClockOffset.ts"
import { ask, makeExchange } from "./Connection.ts"
import { countFrames } from "./FeedMetrics.ts"
import { Intake } from "./Intake.ts"
import type { Outlet } from "./Outlet.ts"
import type { CcxtSettings } from "./Settings.ts"
import { Subscribed } from "./Subscribed.ts"
import { cutOff, describe, tap } from "./Tap.ts"
import type { VenueAdapter } from "./VenueAdapter.ts"

export interface SessionContext {
  readonly adapter: VenueAdapter
  readonly request: FeedRequest
  readonly kinds: ReadonlyArray<FeedKind>
  readonly settings: CcxtSettings
  /** Its markets are taken over. */
  readonly source: CcxtExchange
  readonly outlet: Outlet
  /** Outlives the connection: the venue's clock does not change with it. */
  readonly offset: ClockOffset
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

/** Asks the venue to say something, so that silence means death. */
const pings = (running: Running) => {
  const wireIds = running.subscribed.map(({ wireId }) => wireId)
  const sent = new Map<CcxtClient, number>()
  return (): void => {
    for (const client of running.clients) {
      if (!client.isOpen()) continue
      const n = sent.get(client) ?? 0, message = running.adapter.ping(n, wireIds)
      sent.set(client, n + 1)
      if (message !== null) watchFailure(() => client.send(message), (reason) => running.lost(describe(reason)))
    }
  }
}

/** The session's pulse: heartbeats, repeated books, pings, and the search for dead sockets. */
const pulse = Effect.fnUntraced(function* (running: Running) {
  const { adapter, intake, outlet, settings } = running
  const ping = pings(running)
  let counted = { frames: 0, duplicates: 0, dropped: outlet.dropped }
  while (true) {
    yield* Effect.sleep(Duration.millis(settings.heartbeatMs))
    intake.beat()
    ping()
    const silentMs = intake.silentMs()
    if (silentMs > settings.silenceMs) running.lost(`nothing received for ${silentMs} ms`)
    const now = { frames: intake.counts.frames, duplicates: intake.counts.duplicates, dropped: outlet.dropped }
    yield* countFrames(adapter.id, counted, now)
    counted = now
  }
})

const subscribe = (running: Running): void => {
  const { adapter, exchange, kinds, request } = running
  for (const kind of kinds) {
    try {
      for (const started of adapter.subscribe[kind]?.(exchange, request.instruments, request.depth) ?? []) {
        watchFailure(() => Promise.resolve(started), (reason) => running.lost(describe(reason)))
      }
    } catch (reason) {
      running.lost(describe(reason))
    }
  }
}

/** Runs until the connection is lost. */
export const session = (context: SessionContext): Effect.Effect<never, ExchangeError, Scope.Scope> =>
  Effect.gen(function* () {
    const { adapter, outlet, offset, request, settings } = context
    say(context, "connecting", "")
    const exchange = yield* makeExchange(adapter, settings)
    exchange.setMarketsFromExchange(context.source)
    const subscribed = request.instruments.map((instrument) =>
      new Subscribed(adapter, exchange.market(instrument), settings.maxJump)
    )
    const broken = yield* inlet<string>(Math.max(16, 2 * subscribed.length))
    const ended = yield* Deferred.make<never, ExchangeError>()
    const intake = new Intake({
      adapter,
      subscribed,
      fundingIntervalMs: yield* fundingIntervals(context, exchange, subscribed),
      cachedBook: (instrument) => exchange.orderbooks[instrument],
      resync: (instrument) => {
        broken.offer(instrument)
      },
      outlet,
      offset,
    }, { depth: request.depth, ...settings })
    const lost = (detail: string): void => {
      intake.close()
      Deferred.doneUnsafe(ended, Effect.fail(new ExchangeError({ reason: "unreachable", venue: adapter.id, detail })))
    }
    let connected = false
    const signals = {
      lost,
      connected: (url: string) => {
        if (!connected) say(context, "connected", url)
        connected = true
      },
    }
    const clients = yield* Effect.acquireRelease(
      Effect.sync(() => tap(exchange, intake, signals)),
      (tapped) =>
        Effect.sync(() => {
          intake.close()
          for (const client of tapped) cutOff(client)
        }),
    )
    const running: Running = { ...context, exchange, clients, subscribed, intake, lost }
    yield* Effect.forkScoped(pulse(running))
    yield* Effect.forkScoped(Effect.forever(
      Effect.flatMap(Queue.take(broken.queue), (instrument) => Effect.forkScoped(resynchronise(running, instrument))),
    ))
    subscribe(running)
    return yield* Deferred.await(ended)
  })
