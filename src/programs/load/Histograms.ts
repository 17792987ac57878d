/**
 * Latency histograms of a load run, one a stage, kept by HdrHistogram.
 *
 * In: times in milliseconds. Out: percentiles (exact below 2 s, three digits above), the maximum, buckets for a chart.
 * Promises: constant memory however long the run; a time below zero (clocks of different machines) counts as zero, one
 * above an hour as an hour. Why this library: docs/decisions/0085-latencies-are-kept-by-hdrhistogram.md.
 */
import { Int32Histogram } from "hdr-histogram-js"
import { type LatencyFigures, LatencyStage } from "../../domain/ScenarioReport.ts"

const LONGEST_MS = 3_600_000
const DIGITS = 3
/** Buckets of a chart grow by a quarter: fine enough to see two humps, few enough to draw. */
const GROWTH = 1.25

export class Histograms {
  readonly #of = new Map(LatencyStage.literals.map((stage) => [stage, new Int32Histogram(1, LONGEST_MS, DIGITS)]))

  record(stage: LatencyStage, ms: number, times = 1): void {
    this.#of.get(stage)?.recordValueWithCount(Math.min(LONGEST_MS, Math.max(0, Math.round(ms))), times)
  }

  figures(stage: LatencyStage): LatencyFigures {
    const histogram = this.#of.get(stage)
    if (histogram === undefined || histogram.totalCount === 0) return NOTHING
    const { maxValue: max, mean, totalCount: count } = histogram
    const at = (percentile: number): number => Math.min(max, histogram.getValueAtPercentile(percentile))
    return {
      count,
      mean,
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      max,
      buckets: bucketsOf(histogram),
    }
  }

  get all(): Readonly<Record<LatencyStage, LatencyFigures>> {
    return {
      receive: this.figures("receive"),
      detect: this.figures("detect"),
      validate: this.figures("validate"),
      queue: this.figures("queue"),
      accepted: this.figures("accepted"),
      total: this.figures("total"),
      limiter_wait: this.figures("limiter_wait"),
      feed_lag: this.figures("feed_lag"),
      reply: this.figures("reply"),
    }
  }
}

const NOTHING: LatencyFigures = {
  count: 0,
  mean: null,
  p50: null,
  p90: null,
  p99: null,
  p999: null,
  max: null,
  buckets: [],
}

/** 0, 1, 2, 3, ... and then each a quarter longer, up to the greatest value there is. */
const bucketsOf = (histogram: Int32Histogram): LatencyFigures["buckets"] => {
  const found: Array<{ upToMs: number; count: number }> = [{ upToMs: 0, count: 0 }]
  const values = histogram.recordedValuesIterator
  values.reset()
  while (values.hasNext()) {
    const { countAddedInThisIterationStep: count, valueIteratedTo } = values.next()
    let last = found[found.length - 1]
    while (last !== undefined && last.upToMs < Math.min(valueIteratedTo, histogram.maxValue)) {
      last = { upToMs: Math.max(last.upToMs + 1, Math.floor(last.upToMs * GROWTH)), count: 0 }
      found.push(last)
    }
    if (last !== undefined) last.count += count
  }
  return found
}
