/**
 * A consumer of one live feed against a fake venue, for tests.
 *
 * In: a feed request and settings. Out: every event so far, and `until`, which waits for one. Promises: waits on the
 * events themselves, not on time; gives up after ten seconds with what it has seen.
 */
import { Context, Effect, Layer, type Scope, Stream } from "effect"
import type { FeedEvent, FeedRequest } from "../../../src/domain/Feed.ts"
import type { Tick, TickKind, TickOf } from "../../../src/domain/Tick.ts"
import { layer } from "../../../src/layers/ccxt/CcxtExchange.ts"
import type { CcxtSettings } from "../../../src/layers/ccxt/Settings.ts"
import * as EmbeddedRestBudgets from "../../../src/layers/embedded/RestBudgets.ts"
import { Exchange, type ExchangeError } from "../../../src/layers/Exchange.ts"
import type { RestBudgets } from "../../../src/layers/RestBudgets.ts"
import type { FakeVenue } from "./FakeVenue.ts"

const PATIENCE = "10 seconds"

export interface FeedProbe {
  readonly events: ReadonlyArray<FeedEvent>
  /** Every tick so far, in order. */
  readonly ticks: () => ReadonlyArray<Tick>
  readonly ticksOf: <K extends TickKind>(kind: K) => ReadonlyArray<TickOf<K>>
  readonly bad: () => ReadonlyArray<Extract<FeedEvent, { _tag: "Bad" }>>
  readonly states: () => ReadonlyArray<string>
  readonly failure: () => ExchangeError | null
  /** Waits until this holds of what has been seen. */
  readonly until: (what: string, holds: (probe: FeedProbe) => boolean) => Effect.Effect<void>
}

/** Times short enough for tests; nothing else differs from production. */
export const quickly: Partial<CcxtSettings> = { rateLimit: false, backoffBaseMs: 20, backoffCapMs: 200 }

/** Starts the feed and keeps all it says. */
export const probe = (
  venue: FakeVenue,
  request: Omit<FeedRequest, "venue">,
  settings: Partial<CcxtSettings> = {},
  /** What the consumer does before it takes a batch: a slow one waits here. */
  before: Effect.Effect<unknown> = Effect.void,
  /** What its REST calls are spent from. */
  budgets: Layer.Layer<RestBudgets> = EmbeddedRestBudgets.layer,
): Effect.Effect<FeedProbe, never, Scope.Scope> =>
  Effect.gen(function* () {
    const events: Array<FeedEvent> = []
    let failure: ExchangeError | null = null
    let waiting: Array<() => void> = []
    const wake = () => {
      const woken = waiting
      waiting = []
      for (const one of woken) one()
    }
    const ticks = () => events.flatMap((event) => event._tag === "Ticks" ? event.ticks : [])
    const self: FeedProbe = {
      events,
      ticks,
      ticksOf: <K extends TickKind>(kind: K) => ticks().filter((tick): tick is TickOf<K> => tick.kind === kind),
      bad: () => events.filter((event) => event._tag === "Bad"),
      states: () => events.flatMap((event) => event._tag === "State" ? [event.state] : []),
      failure: () => failure,
      until: (what, holds) =>
        Effect.suspend(() =>
          holds(self)
            ? Effect.succeed(true)
            : Effect.as(Effect.promise(() => new Promise<void>((done) => waiting.push(done))), false)
        ).pipe(
          Effect.repeat({ until: (met) => met }),
          Effect.timeoutOrElse({
            duration: PATIENCE,
            orElse: () =>
              Effect.die(new Error(`never saw ${what}; saw ${JSON.stringify(events.slice(-12)).slice(0, 4_000)}`)),
          }),
          Effect.asVoid,
        ),
    }
    // The exchange lives as long as the feed.
    const exchange = Context.get(
      yield* Layer.build(
        layer({ ...quickly, ...settings, baseUrls: { [venue.script.id]: venue.origin } }).pipe(Layer.provide(budgets)),
      ),
      Exchange,
    )
    yield* exchange.feed({ venue: venue.script.id, ...request }).pipe(
      Stream.runForEach((batch) =>
        Effect.andThen(
          before,
          Effect.sync(() => {
            events.push(...batch)
            wake()
          }),
        )
      ),
      Effect.tapError((error) =>
        Effect.sync(() => {
          failure = error
          wake()
        })
      ),
      Effect.ignore,
      Effect.forkScoped,
    )
    return self
  })
