/**
 * The gate that every REST call of a ccxt exchange passes, and where a venue's refusals open the breaker.
 *
 * In: fresh exchanges, the RestBudgets port. Out: calls let through, held back, or refused at once as a rate limit.
 * Promises: no call leaves before its weight is spent in the shared budget, nor while the breaker is open; calls of an
 * exchange leave in order, at most 1,024 wait. While the store is away this process keeps to the limit alone and says
 * so; a refusal it met meanwhile is told to the others when the store is back.
 */
import { Clock, Duration, Effect, Queue, type Scope } from "effect"
import { type Allowance, allowanceOf, blocked, charged, FULL, type RestBudget, spend } from "../../domain/RestBudget.ts"
import { inlet } from "../bridge.ts"
import { RestBudgets } from "../RestBudgets.ts"
import type { CcxtExchange } from "./CcxtShape.ts"
import { countRefusal, countWait } from "./FeedMetrics.ts"
import { type Refusal, refusalOf } from "./Refusal.ts"
import { asText, type Json } from "./Values.ts"

const CALLS_WAITING = 1_024
const REFUSALS_WAITING = 64
/** The store answers within this or counts as away. */
const STORE_DEADLINE = Duration.seconds(2)

/** Thrown into ccxt under ccxt's own name for it, so that it is treated as the venue's refusal would be. */
class NotNow extends Error {
  override readonly name = "RateLimitExceeded"
}

/** What this process knows of one venue: enough to go on alone. */
interface Known {
  readonly venue: string
  budget: RestBudget
  /** The breaker's time that was announced last. */
  announcedMs: number
}

interface Call {
  readonly weight: number
  readonly go: () => void
  readonly refuse: (reason: Error) => void
}

interface Refused {
  readonly known: Known
  readonly refusal: Refusal
}

export interface RestGate {
  /** Lets the exchange's REST calls through one by one, as long as the scope lives. */
  readonly guard: (venue: string, exchange: CcxtExchange) => Effect.Effect<void, never, Scope.Scope>
  /** Waits until the venue may be asked again, as far as is known here; at once if it may. */
  readonly silence: (venue: string) => Effect.Effect<void>
}

const when = (ms: number): string => new Date(ms).toISOString()

const isLimit = (error: unknown): boolean =>
  error instanceof Error && (error.name === "RateLimitExceeded" || error.name === "DDoSProtection")

export interface RestGateOptions {
  /** How long a call waits for its turn before it is refused. */
  readonly patienceMs: number
  /** A store that was away is asked again after this. */
  readonly storePauseMs: number
}

export const makeRestGate = Effect.fnUntraced(function* ({ patienceMs, storePauseMs }: RestGateOptions) {
  const budgets = yield* RestBudgets
  const clock = yield* Clock.Clock
  const everything = new Map<string, Known>()
  let awayUntilMs = 0, away = false

  const knownOf = (venue: string): Known => {
    const known = everything.get(venue) ?? { venue, budget: FULL, announcedMs: 0 }
    everything.set(venue, known)
    return known
  }

  const tellOthers = ({ budget, venue }: Known, nowMs: number) =>
    budgets.block({ venue, untilMs: budget.blockedUntilMs, why: budget.blockedWhy, nowMs })

  /** The store's answer, or null while it is away. */
  const shared = <A>(ask: Effect.Effect<A, { readonly message: string }>, nowMs: number): Effect.Effect<A | null> => {
    if (nowMs < awayUntilMs) return Effect.succeed(null)
    return ask.pipe(
      Effect.timeout(STORE_DEADLINE),
      Effect.tap(() => back(nowMs)),
      Effect.catch((error) => {
        awayUntilMs = nowMs + storePauseMs
        if (away) return Effect.succeed(null)
        away = true
        return Effect.as(
          Effect.logWarning(`the store is away (${error.message}): this process keeps to the venues' limits alone`),
          null,
        )
      }),
    )
  }

  const back = (nowMs: number) =>
    Effect.suspend(() => {
      if (!away) return Effect.void
      away = false
      const refused = [...everything.values()].filter(({ budget }) => budget.blockedUntilMs > nowMs)
      return Effect.andThen(
        Effect.logInfo("the store is back: the venues' limits are shared again"),
        Effect.ignore(Effect.forEach(refused, (known) => tellOthers(known, nowMs))),
      )
    })

  const announce = (known: Known, { untilMs, why }: Refusal) =>
    Effect.suspend(() => {
      known.budget = blocked(known.budget, untilMs, why)
      if (untilMs <= known.announcedMs) return Effect.void
      known.announcedMs = untilMs
      return Effect.logWarning(`${known.venue} wants no REST calls before ${when(untilMs)}: ${why}`)
    })

  const ask = Effect.fnUntraced(function* (known: Known, allowance: Allowance, weight: number, nowMs: number) {
    if (known.budget.blockedUntilMs > nowMs) return spend(known.budget, allowance, weight, nowMs).verdict
    const verdict = yield* shared(budgets.spend({ venue: known.venue, allowance, weight, nowMs }), nowMs)
    if (verdict === null) {
      const alone = spend(known.budget, allowance, weight, nowMs)
      known.budget = alone.budget
      return alone.verdict
    }
    if (verdict._tag === "Granted") known.budget = charged(known.budget, allowance, weight, nowMs)
    return verdict
  })

  /** Returns once the weight is spent; fails if that would take too long. */
  const pay = Effect.fnUntraced(function* (known: Known, allowance: Allowance, weight: number) {
    const deadlineMs = (yield* Clock.currentTimeMillis) + patienceMs
    while (true) {
      const nowMs = yield* Clock.currentTimeMillis
      const verdict = yield* ask(known, allowance, weight, nowMs)
      if (verdict._tag === "Granted") return
      yield* countWait(known.venue, verdict.reason)
      if (verdict.reason === "blocked") yield* announce(known, verdict)
      if (verdict.untilMs > deadlineMs) {
        const why = verdict.reason === "blocked" ? verdict.why : "its budget of REST calls is spent"
        return yield* Effect.fail(new NotNow(`${known.venue} not before ${when(verdict.untilMs)}: ${why}`))
      }
      yield* Effect.sleep(Duration.millis(verdict.untilMs - nowMs))
    }
  })

  // It outlives the exchange that met it: the call that was refused often ends its feed.
  const refusals = yield* inlet<Refused>(REFUSALS_WAITING)
  yield* Effect.forkScoped(Effect.forever(Effect.flatMap(
    Queue.take(refusals.queue),
    Effect.fnUntraced(function* ({ known, refusal }) {
      const nowMs = yield* Clock.currentTimeMillis
      yield* countRefusal(known.venue)
      yield* announce(known, refusal)
      yield* shared(tellOthers(known, nowMs), nowMs)
    }),
  )))

  const guard: RestGate["guard"] = Effect.fnUntraced(function* (venue, exchange) {
    const known = knownOf(venue)
    const allowance = allowanceOf(exchange.rateLimit, exchange.rollingWindowSize)
    const calls = yield* inlet<Call>(CALLS_WAITING)

    const throttle = exchange.throttle.bind(exchange)
    exchange.throttle = async (cost) => {
      await throttle(cost)
      await new Promise<void>((go, refuse) => {
        if (calls.offer({ weight: cost ?? 1, go, refuse })) return
        refuse(new NotNow(`${venue}: ${CALLS_WAITING} REST calls wait already, or its feed has ended`))
      })
    }

    const handleErrors = exchange.handleErrors.bind(exchange)
    const look = (status: number, headers: Json, body: string, limited: boolean): void => {
      const refusal = refusalOf({ status, headers, body, limited }, clock.currentTimeMillisUnsafe())
      if (refusal === null) return
      // Here it holds from now on; the others are told.
      known.budget = blocked(known.budget, refusal.untilMs, refusal.why)
      refusals.offer({ known, refusal })
    }
    exchange.handleErrors = (status, reason, url, method, headers, body, ...rest) => {
      try {
        const handled = handleErrors(status, reason, url, method, headers, body, ...rest)
        look(status, headers, asText(body), false)
        return handled
      } catch (error) {
        look(status, headers, asText(body), isLimit(error))
        throw error
      }
    }

    yield* Effect.forkScoped(Effect.forever(Effect.flatMap(
      Queue.take(calls.queue),
      ({ go, refuse, weight }) => Effect.match(pay(known, allowance, weight), { onSuccess: go, onFailure: refuse }),
    )))
  })

  const silence: RestGate["silence"] = (venue) =>
    Effect.gen(function* () {
      const { budget } = knownOf(venue)
      const waitMs = budget.blockedUntilMs - (yield* Clock.currentTimeMillis)
      if (waitMs > 0) yield* Effect.sleep(Duration.millis(waitMs))
      return waitMs <= 0
    }).pipe(Effect.repeat({ until: (over) => over }), Effect.asVoid)

  return { guard, silence } satisfies RestGate
})
