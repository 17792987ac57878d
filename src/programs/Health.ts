/**
 * Health of a running service: its bus, its store, Telegram and the sources of market data are asked.
 *
 * In: what they are, and what this process sees of the sources. Out: the Health service. Promises: all are asked at once,
 * none is waited for longer than 2 s; a process that speaks to no venue says so.
 */
import { Clock, Effect, Layer, Ref } from "effect"
import { Bus } from "../layers/Bus.ts"
import { type Dependency, Health } from "../layers/Health.ts"
import { Store } from "../layers/Store.ts"
import { Telegram } from "../layers/Telegram.ts"
import type { Watch } from "../streams/Pipeline.ts"

const PATIENCE = "2 seconds"

/** Asks once, and times it. */
const probe = <E extends { readonly message: string }>(name: string, question: Effect.Effect<string, E>) =>
  Effect.gen(function* () {
    const startedAt = yield* Clock.currentTimeMillis
    const answer = (state: Dependency["state"], detail: string) =>
      Effect.map(Clock.currentTimeMillis, (nowMs): Dependency => ({
        name,
        state,
        latencyMs: nowMs - startedAt,
        detail,
      }))
    return yield* question.pipe(
      Effect.matchEffect({
        onSuccess: (detail) => answer("up", detail),
        onFailure: (error) => answer("down", error.message),
      }),
      Effect.timeoutOrElse({ duration: PATIENCE, orElse: () => answer("down", `no answer within ${PATIENCE}`) }),
    )
  })

/** As this process sees them. */
export const sourcesOf = ({ sources }: Watch): Effect.Effect<ReadonlyArray<Dependency>> =>
  Effect.map(
    Ref.get(sources),
    (all) =>
      all.length === 0
        ? [{ name: "venues", state: "unknown", latencyMs: null, detail: "this process asks none" }]
        : all.filter(({ venue }) => venue !== null).map((
          { answered, breaker, lastError, p99Ms, venue },
        ): Dependency => ({
          name: venue ?? "",
          state: breaker === "open" ? "down" : answered > 0 ? "up" : "unknown",
          latencyMs: p99Ms === null ? null : Math.round(p99Ms),
          detail: lastError === null ? "" : `${lastError.reason}: ${lastError.detail}`,
        })),
  )

const named = (kind: string, version: string, where: string) => `${kind} ${version}, ${where}`

/** What every process stands on, all asked at once. */
export const servers: Effect.Effect<ReadonlyArray<Dependency>, never, Bus | Store> = Effect.gen(function* () {
  const bus = yield* Bus, store = yield* Store
  return yield* Effect.all([
    probe("bus", Effect.map(bus.describe, ({ version, where }) => named(bus.kind, version, where))),
    probe("store", Effect.map(store.describe, ({ kind, version, where }) => named(kind, version, where))),
  ], { concurrency: "unbounded" })
})

export const layer = (watch: Watch): Layer.Layer<never, never, Bus | Store | Telegram> =>
  Layer.effect(
    Health,
    Effect.gen(function* () {
      const telegram = yield* Telegram
      const asked = Effect.all([
        Effect.provide(servers, yield* Effect.context<Bus | Store>()),
        probe("telegram", Effect.map(telegram.me, ({ username }) => `@${username}`)),
        sourcesOf(watch),
      ], { concurrency: "unbounded" })
      return { dependencies: Effect.map(asked, ([servers, telegram, venues]) => [...servers, telegram, ...venues]) }
    }),
  )
