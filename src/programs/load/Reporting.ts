/**
 * Reporting: what a load run's ledger and gauges come to.
 *
 * In: the ledger, what stands where, the samples. Out: a report by domain/ScenarioReport.ts, finished or of a run that goes
 * on. Promises: pure; what went into a hop and neither came out nor waits is lost, and nothing is called lost that could
 * not be seen; trends are those of the time in which ticks came, without its first fifth, in which caches fill.
 */
import type { Hop, Sample, ScenarioReport, Trend } from "../../domain/ScenarioReport.ts"
import { afterWarmUp, floors, grows, type Point, slopeOf, type Tolerance } from "../../domain/Slope.ts"
import { framesAtRest, type Standing, transitionsAtRest, waitingRows } from "./Gauges.ts"
import type { Ledger } from "./Ledger.ts"

const MEGABYTE = 1e6
const WARM_UP_SHARE = 0.2
const STRETCHES = 30
/** A shorter time says nothing of growth. */
const LEAST_TREND_MS = 60_000

/** Of its mean over the run, and in its own units: what is less than both is no growth. */
const TOLERANCES: Readonly<Record<Trend["figure"], Tolerance>> = {
  heapMiB: { share: 0.05, least: 8 },
  rssMiB: { share: 0.05, least: 16 },
  handles: { share: 0.05, least: 4 },
  lagFrames: { share: 0.2, least: 50 },
  lagTransitions: { share: 0.2, least: 50 },
  queueDepth: { share: 0.2, least: 200 },
}
const FIGURES = ["heapMiB", "rssMiB", "handles", "lagFrames", "lagTransitions", "queueDepth"] as const

const hop = (
  name: Hop["hop"],
  entered: number,
  arrived: number | null,
  waiting: number,
  duplicates: number,
): Hop => ({
  hop: name,
  entered,
  arrived,
  waiting,
  lost: arrived === null ? null : Math.max(0, entered - arrived - waiting),
  duplicates,
})

export const hopsOf = (ledger: Ledger, now: Standing, finished: boolean): ReadonlyArray<Hop> => {
  const { accepted, acceptedTwice, distributed, distributedTwice, enqueued, notified, settledTwice } = ledger
  const { commands, replies } = ledger
  const rows = Object.values(now.rows).reduce((sum, count) => sum + count, 0)
  const framesWaiting = Math.max(0, now.framesStored - now.framesAnalysed)
  const ticks = ledger.ticksOffered - ledger.ticksFramed, untold = ledger.transitions - distributed
  // Before the end Ingest still holds some; what the onlooker has not read may be there.
  const ticksWaiting = finished && framesAtRest(now) ? 0 : Math.max(0, ticks)
  const transitionsWaiting = transitionsAtRest(now) ? 0 : Math.max(0, untold)
  return [
    hop("ticks", ledger.ticksOffered, ledger.ticksFramed, ticksWaiting, 0),
    hop("frames", now.framesStored, now.framesAnalysed, framesWaiting, ledger.frameDuplicates),
    hop(
      "transitions",
      ledger.transitions,
      distributed,
      transitionsWaiting,
      ledger.transitionDuplicates + distributedTwice,
    ),
    hop("rows", enqueued, rows - waitingRows(now), waitingRows(now), 0),
    hop("messages", notified, accepted, 0, acceptedTwice + settledTwice),
    ...(commands === 0 ? [] : [hop("commands", commands, replies, finished ? 0 : commands - replies, 0)]),
  ]
}

const trendsOf = (samples: ReadonlyArray<Sample>): ReadonlyArray<Trend> =>
  FIGURES.map((figure): Trend => {
    const known = samples.flatMap((sample): ReadonlyArray<Point> => {
      const value = sample[figure]
      return value === null ? [] : [{ atMs: sample.atMs, value }]
    })
    const points = floors(afterWarmUp(known, WARM_UP_SHARE), STRETCHES)
    const spanMs = (points.at(-1)?.atMs ?? 0) - (points[0]?.atMs ?? 0)
    const slope = spanMs < LEAST_TREND_MS ? null : slopeOf(points)
    return slope === null ? { figure, perHour: null, low: null, high: null, grows: null } : {
      figure,
      perHour: slope.perHour,
      low: slope.low,
      high: slope.high,
      grows: grows(points, slope, TOLERANCES[figure]),
    }
  })

const most = (values: ReadonlyArray<number | null>): number | null =>
  values.reduce<number | null>((max, value) => value === null ? max : Math.max(max ?? value, value), null)

const mean = (values: ReadonlyArray<number | null>): number | null => {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length
}

export interface Facts extends
  Pick<
    ScenarioReport,
    "scenario" | "simulated" | "soak" | "startedAt" | "world" | "injected" | "rejected" | "finished" | "elapsedMs"
  > {
  readonly ledger: Ledger
  readonly standing: Standing
  readonly samples: ReadonlyArray<Sample>
  /** In which ticks came; 0: none did yet. */
  readonly feedingMs: number
}

export const reportOf = ({ feedingMs, ledger, samples, standing, ...about }: Facts): ScenarioReport => {
  const perS = (count: number): number | null => feedingMs <= 0 ? null : count / feedingMs * 1_000
  const feeding = samples.filter(({ atMs }) => atMs <= feedingMs)
  const { edits, frames, notified: notifications, opportunities, ticksOffered: ticks, transitions } = ledger
  const { commands, replies } = ledger
  const wireMB = ledger.wireBytes / MEGABYTE
  return {
    v: 1,
    ...about,
    totals: { ticks, frames, wireMB, transitions, opportunities, notifications, edits, commands, replies },
    rates: {
      ticksPerS: perS(ticks),
      framesPerS: perS(frames),
      opportunitiesPerS: perS(opportunities),
      notificationsPerS: perS(notifications),
      repliesPerS: perS(replies),
      wireMBPerS: perS(wireMB),
    },
    hops: hopsOf(ledger, standing, about.finished),
    rows: standing.rows,
    latencyMs: ledger.histograms.all,
    errors: [...ledger.errors].map(([key, count]) => {
      const [where = "", ...reason] = key.split("|")
      return { where, reason: reason.join("|"), count }
    }).toSorted((a, b) => b.count - a.count),
    resources: {
      cpuCores: mean(feeding.map(({ cpuCores }) => cpuCores)),
      peakHeapMiB: most(samples.map(({ heapMiB }) => heapMiB)),
      peakRssMiB: most(samples.map(({ rssMiB }) => rssMiB)),
      peakHandles: most(samples.map(({ handles }) => handles)),
    },
    samples,
    trends: trendsOf(feeding),
    opportunitiesDigest: ledger.digest,
  }
}
