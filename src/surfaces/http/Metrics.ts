/**
 * `GET /metrics`: what this process counts, for Prometheus.
 *
 * In: a bearer token, which the setting ARBEDGE_METRICS_TOKEN names. Out: Prometheus' text format 0.0.4; 401 for a missing
 * or wrong token; 404 where no token is set. Promises: nobody is shown anything by default; what MetricNames.ts does not
 * list stays inside; figures of store and bus are asked for at most every 5 s, however often somebody scrapes.
 */
import { Context, Effect, Layer, Metric, Option, Redacted } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { PrometheusMetrics } from "effect/observability"
import { FROM_EFFECT, MAX_SERIES, PREFIX, shownName } from "../../domain/MetricNames.ts"
import { type GaugeNeeds, makeLook } from "../../programs/Gauges.ts"
import type { Watch } from "../../streams/Pipeline.ts"
import { isAuthorized } from "./Bearer.ts"

export const PATH = "/metrics"
const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

const headers = { "cache-control": "no-store" }
const refuse = (status: number, why: string) => HttpServerResponse.text(`${why}\n`, { status, headers })

/** What of the registry is shown, and how it is called outside. */
export const exposition: Effect.Effect<string> = Effect.gen(function* () {
  const context = yield* Effect.context<never>()
  const shown: typeof Metric.MetricRegistry.Service = new Map()
  const series = new Map<string, number>()
  for (const [key, metric] of yield* Metric.MetricRegistry) {
    const count = series.get(metric.id) ?? 0
    if (count >= MAX_SERIES || shownName(metric.id, metric.attributes ?? {}) === null) continue
    series.set(metric.id, count + 1)
    const description = FROM_EFFECT.get(metric.id)?.description ?? metric.description
    shown.set(key, { ...metric, description })
  }
  return PrometheusMetrics.formatUnsafe(Context.add(context, Metric.MetricRegistry, shown), {
    prefix: PREFIX,
    metricNameMapper: (id) => shownName(id) ?? id,
  })
})

export interface MetricsOptions {
  /** None: nobody is shown anything. */
  readonly token: Option.Option<Redacted.Redacted>
  readonly watch: Watch
}

/** Adds the route to the router. */
export const layer = (
  { token, watch }: MetricsOptions,
): Layer.Layer<never, never, HttpRouter.HttpRouter | GaugeNeeds> =>
  HttpRouter.use((router) =>
    Effect.gen(function* () {
      const services = yield* Effect.context<GaugeNeeds>()
      const look = yield* makeLook(watch)
      const answer = Effect.gen(function* () {
        if (Option.isNone(token)) return refuse(404, "set ARBEDGE_METRICS_TOKEN to be shown metrics")
        const request = yield* HttpServerRequest.HttpServerRequest
        if (!isAuthorized(request.headers["authorization"], Redacted.value(token.value))) {
          return refuse(401, "wrong token: send ARBEDGE_METRICS_TOKEN as the bearer token")
        }
        yield* look
        return HttpServerResponse.text(yield* exposition, { headers, contentType: CONTENT_TYPE })
      })
      yield* router.add("GET", PATH, Effect.provide(answer, services))
    })
  )
