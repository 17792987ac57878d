/**
 * Raw recordings as recordings of ticks: what venues said is played again to the real ccxt clients and our feeds, and what
 * those make of it is read like any other recording.
 *
 * In: a raw recording (`record --raw`). Out: the Recording port, whose `read` gives its ticks. Promises: no network; each
 * row is played at its recorded time by a clock of its own, once all that the row before set off has happened, so that the
 * same recording gives the same ticks on every runtime; what feeds refuse is told with its line; a request that the
 * recording has no answer to ends the reading with its name.
 */
import { Clock, Context, Duration, Effect, Layer, Random, Stream } from "effect"
import type { FeedEvent } from "../../domain/Feed.ts"
import { badTick, type Tick } from "../../domain/Tick.ts"
import * as CcxtExchange from "../../layers/ccxt/CcxtExchange.ts"
import { RecordedWire } from "../../layers/ccxt/RecordedWire.ts"
import * as ReplayClock from "../../layers/clock/ReplayClock.ts"
import { Exchange, type ExchangeError } from "../../layers/Exchange.ts"
import * as RawFile from "../../layers/recording/RawFile.ts"
import { failure } from "../../layers/recording/Failure.ts"
import { type BadLine, Recording, type RecordingBatch, RecordingError } from "../../layers/Recording.ts"
import { RestBudgets } from "../../layers/RestBudgets.ts"

/** So many turns of the event loop are enough for what one row sets off. */
const TURNS = 20
/** Of jitter: the same in every reading. */
const SEED = "raw"
const LOOK_AGAIN = Duration.millis(5)
/** Recorded calls were within the venue's limits, or were refused in the recording. */
const budgets = Layer.succeed(RestBudgets, {
  spend: () => Effect.succeed({ _tag: "Granted" as const }),
  block: ({ untilMs }) => Effect.succeed(untilMs),
})

const turn = Effect.promise(() => new Promise<void>((done) => setImmediate(done)))
const turns = (count: number) => Effect.repeat(turn, { times: count - 1 })

export interface RawOptions {
  /** How long (ms, of the wall) a frame waits for the connection it came over. */
  readonly patienceMs: number
}

/** One reading of one raw recording. */
const makePlayer = Effect.fnUntraced(function* (path: string, { patienceMs }: RawOptions) {
  const scope = yield* Effect.scope
  const wall = Clock.Clock.defaultValue(), wire = new RecordedWire()
  const settings = { rateLimit: false, backoffBaseMs: 0, backoffCapMs: 0, silenceMs: Infinity, wire: wire.attach }
  const services = yield* Layer.build(
    CcxtExchange.layer(settings).pipe(Layer.provide(budgets), Layer.provideMerge(ReplayClock.layer(0))),
  )
  const clock = Context.get(services, ReplayClock.ReplayClock), exchange = Context.get(services, Exchange)
  const followed = new Set<string>()
  /** The first line of each time, by venue: where what is refused then is looked for. */
  let lines = new Map<string, number>()
  let events: Array<FeedEvent> = []
  let failed: ExchangeError | null = null

  const incomplete = (detail: string) => new RecordingError({ reason: "incomplete", path, detail })

  /** Until this holds; false: it did not in time. */
  const until = (holds: () => boolean): Effect.Effect<boolean> =>
    Effect.gen(function* () {
      for (let n = 0; n < TURNS; n++) {
        if (holds()) return true
        yield* turn
      }
      const begunMs = wall.currentTimeMillisUnsafe()
      while (failed === null && wall.currentTimeMillisUnsafe() - begunMs < patienceMs) {
        if (holds()) return true
        yield* wall.sleep(LOOK_AGAIN)
      }
      return holds()
    })

  const follow = Effect.fnUntraced(function* (request: Parameters<typeof exchange.feed>[0]) {
    if (followed.has(request.venue)) return
    followed.add(request.venue)
    yield* exchange.feed(request).pipe(
      Stream.runForEach((batch) => Effect.sync(() => void events.push(...batch))),
      Effect.catch((error) =>
        Effect.sync(() => {
          failed = error
        })
      ),
      Effect.provide(services),
      Random.withSeed(SEED),
      Effect.forkIn(scope),
    )
  })

  const receive = Effect.fnUntraced(function* ({ line, text, venue }: RawFile.RawRow, url: string) {
    const isOpen = () => wire.isOpen(venue, url)
    if (!(isOpen() || (yield* until(isOpen)))) {
      const [request] = wire.pending(false)
      return yield* incomplete(
        request === undefined
          ? `line ${line} is a frame of ${url}, and no connection to it is opened by what was followed`
          : `${request}, and up to line ${line} it has no answer to that`,
      )
    }
    wire.deliver(venue, url, text ?? "")
    yield* turn
  })

  const play = Effect.fnUntraced(function* (row: RawFile.RawRow) {
    const { payload, venue } = row
    if (!lines.has(`${venue} ${row.atMs}`)) lines.set(`${venue} ${row.atMs}`, row.line)
    if ((yield* clock.now) < row.atMs) {
      yield* clock.jumpTo(row.atMs)
      yield* turns(2)
    }
    if (payload.dir === "follow") {
      const { depth, instruments, kinds } = payload
      yield* follow({ venue, instruments, kinds, depth })
    } else if (!followed.has(venue)) {
      return yield* incomplete(`line ${row.line} is of ${venue}, and no line before it says what was followed there`)
    } else if (payload.dir === "ask") wire.asked(venue, payload.method, payload.url)
    else if (payload.dir === "http") {
      const { method, status, url } = payload
      yield* until(() => wire.awaits(venue, method, url))
      wire.answer(venue, method, url, { status, body: row.text ?? "" })
      yield* turns(TURNS)
    } else if (payload.dir === "lost") {
      wire.lose(venue)
      yield* turns(TURNS)
    } else if (payload.dir === "recv") yield* receive(row, payload.url)
    else {
      // A subscription comes before what it brings. A ping that comes at another time is nothing to wait for.
      for (let n = 0; n < TURNS && !wire.hasSaid(venue, payload.url, row.text ?? ""); n++) yield* turn
    }
  })

  /** What has happened since, in order of time. */
  const happened = Effect.fnUntraced(function* (bad: ReadonlyArray<BadLine>, progress: number) {
    yield* turns(TURNS)
    if (failed !== null) {
      return yield* incomplete(`the feed of ${failed.venue} ended: ${failed.reason}: ${failed.detail}`)
    }
    const ticks: Array<Tick> = [], refused: Array<BadLine> = [...bad]
    for (const event of events) {
      if (event._tag === "Ticks") ticks.push(...event.ticks)
      if (event._tag === "Bad") {
        const line = lines.get(`${event.venue} ${event.ingestTime}`) ?? 0
        refused.push({ ...badTick(event.reason, event.detail), line })
      }
    }
    events = []
    lines = new Map()
    // Feeds of several venues are heard one after the other; within one, order is as it came.
    ticks.sort((a, b) => a.ingestTime - b.ingestTime || (a.venue < b.venue ? -1 : a.venue > b.venue ? 1 : 0))
    const batch: RecordingBatch = { ticks, bad: refused.toSorted((a, b) => a.line - b.line), progress }
    return batch
  })

  const take = ({ bad, progress, rows }: RawFile.RawBatch) =>
    Effect.andThen(Effect.forEach(rows, play, { discard: true }), happened(bad, progress))

  const end = Effect.suspend(() => {
    const [request] = wire.pending(true)
    if (request !== undefined) return Effect.fail(incomplete(`${request}, and it has no answer to that`))
    return happened([], 1)
  })

  return { take, end }
})

const read = (path: string, options: RawOptions): Stream.Stream<RecordingBatch, RecordingError> =>
  Stream.unwrap(Effect.gen(function* () {
    const player = yield* makePlayer(path, options)
    return Stream.fromAsyncIterable(RawFile.read(path), failure(path)).pipe(
      Stream.mapEffect(player.take),
      Stream.concat(Stream.fromEffect(player.end)),
    )
  }))

/** Reads raw recordings as ticks; writes as the port that is there does. */
export const layer = (options: Partial<RawOptions> = {}): Layer.Layer<Recording, never, Recording> =>
  Layer.effect(
    Recording,
    Effect.map(Recording, ({ write }) =>
      Recording.of({ read: (path) => read(path, { patienceMs: 5_000, ...options }), write })),
  )
