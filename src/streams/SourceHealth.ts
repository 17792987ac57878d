/**
 * SourceHealth: how each source of market data has answered since this process began.
 *
 * In: the outcome of every attempt and how long it took. Out: counts, latencies over the last 512 attempts, the last
 * error; and the same as metrics. Promises: bounded: 256 sources, what is beyond goes to the one called "other".
 */
import { Effect, Metric } from "effect"
import type { MarketSource, SourceReason } from "../domain/MarketQuery.ts"

const WINDOW = 512
const MAX_SOURCES = 256
const OTHER = "other"

const attempts = Metric.counter("market_source_attempts_total", {
  description: "Questions to a source of market data, by source and outcome (answered, missed or a reason)",
})
const latency = Metric.histogram("market_source_latency_seconds", {
  description: "How long a source of market data took, by source and venue",
  boundaries: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 5],
})

/** `api` is one source a venue. */
export interface SourceFigures {
  readonly source: MarketSource
  /** Of `api` only, else null. */
  readonly venue: string | null
  readonly answered: number
  /** It works, and has nothing (fresh enough). */
  readonly missed: number
  readonly failed: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly lastError: { readonly reason: SourceReason; readonly detail: string; readonly atMs: number } | null
}

export type SourceOutcome =
  | { readonly _tag: "answered" }
  | { readonly _tag: "missed" }
  | { readonly _tag: "failed"; readonly reason: SourceReason; readonly detail: string }

class OneSource {
  readonly source: MarketSource
  readonly venue: string | null
  readonly counts = { answered: 0, missed: 0, failed: 0 }
  lastError: SourceFigures["lastError"] = null
  readonly #latencies: Array<number> = []
  #next = 0

  constructor(source: MarketSource, venue: string | null) {
    this.source = source
    this.venue = venue
  }

  took(ms: number): void {
    this.#latencies[this.#next] = ms
    this.#next = (this.#next + 1) % WINDOW
  }

  figures(): SourceFigures {
    const sorted = [...this.#latencies].sort((a, b) => a - b)
    const quantile = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? null
    const { lastError, source, venue } = this
    return { source, venue, ...this.counts, p50Ms: quantile(0.5), p99Ms: quantile(0.99), lastError }
  }
}

export class SourceHealth {
  readonly #sources = new Map<string, OneSource>()

  record(source: MarketSource, venue: string | null, outcome: SourceOutcome, tookMs: number, nowMs: number) {
    const one = this.#of(source, venue)
    one.counts[outcome._tag]++
    one.took(tookMs)
    if (outcome._tag === "failed") one.lastError = { reason: outcome.reason, detail: outcome.detail, atMs: nowMs }
    const labels = { source, ...one.venue !== null && { venue: one.venue } }
    return Effect.andThen(
      Metric.update(
        Metric.withAttributes(attempts, {
          ...labels,
          outcome: outcome._tag === "failed" ? outcome.reason : outcome._tag,
        }),
        1,
      ),
      Metric.update(Metric.withAttributes(latency, labels), tookMs / 1_000),
    )
  }

  figures(): ReadonlyArray<SourceFigures> {
    return [...this.#sources.values()].map((one) => one.figures())
  }

  #of(source: MarketSource, venue: string | null): OneSource {
    const named = venue === null || this.#sources.size < MAX_SOURCES || this.#sources.has(`${source} ${venue}`)
      ? venue
      : OTHER
    const key = `${source} ${named ?? ""}`
    const known = this.#sources.get(key)
    if (known !== undefined) return known
    const made = new OneSource(source, named)
    this.#sources.set(key, made)
    return made
  }
}
