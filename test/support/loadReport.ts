/**
 * A load report made by hand: everything went well, unless a test says otherwise.
 *
 * In: what differs. Out: a whole report. Promises: sound by its Schema.
 */
import type { ScenarioReport } from "../../src/domain/ScenarioReport.ts"

interface Differs {
  readonly p99?: number | null
  readonly ticksPerS?: number
  readonly lost?: number | null
  readonly duplicates?: number
  readonly grows?: boolean | null
}

export const reported = (
  { duplicates = 0, grows = false, lost = 0, p99 = 250, ticksPerS = 5_000 }: Differs,
): ScenarioReport => {
  const figures = {
    count: p99 === null ? 0 : 100,
    mean: p99,
    p50: p99,
    p90: p99,
    p99,
    p999: p99,
    max: p99,
    buckets: p99 === null ? [] : [{ upToMs: p99, count: 100 }],
  }
  const latencyMs = {
    receive: figures,
    detect: figures,
    validate: figures,
    queue: figures,
    accepted: figures,
    total: figures,
    limiter_wait: figures,
    feed_lag: figures,
    reply: figures,
  }
  return {
    v: 1,
    finished: true,
    scenario: { name: "made by hand", seed: 1, what: "nothing <real>", durationMs: 1_000 },
    simulated: true,
    soak: true,
    startedAt: 1_750_000_000_000,
    elapsedMs: 1_100,
    world: { bus: "embedded bus", store: "embedded store" },
    totals: {
      ticks: 5_000,
      frames: 50,
      wireMB: 0.3,
      transitions: 4,
      opportunities: 2,
      notifications: 3,
      edits: 1,
      commands: 9,
      replies: 9,
    },
    rates: { ticksPerS, framesPerS: 50, opportunitiesPerS: 2, notificationsPerS: 3, repliesPerS: 9, wireMBPerS: 0.3 },
    hops: [
      { hop: "ticks", entered: 5_000, arrived: lost === null ? null : 5_000 - lost, waiting: 0, lost, duplicates: 0 },
      { hop: "transitions", entered: 4, arrived: 4, waiting: 0, lost: 0, duplicates: 7 },
      { hop: "messages", entered: 3, arrived: 3, waiting: 0, lost: 0, duplicates },
    ],
    rows: { sent: 4, expired: 1 },
    latencyMs,
    errors: [],
    rejected: { below_threshold: 7 },
    injected: {},
    resources: { cpuCores: 0.5, peakHeapMiB: 80, peakRssMiB: 200, peakHandles: 20 },
    samples: [{
      atMs: 1_000,
      ticksPerS,
      framesPerS: 50,
      opportunitiesPerS: 2,
      notificationsPerS: 3,
      repliesPerS: 9,
      lagFrames: null,
      lagTransitions: 0,
      queueDepth: 0,
      outboxDepth: 0,
      cpuCores: 0.5,
      heapMiB: 80,
      rssMiB: 200,
      handles: 20,
    }],
    trends: (["heapMiB", "handles"] as const).map((figure) => (
      { figure, perHour: grows === null ? null : 1, low: 0, high: 2, grows }
    )),
    opportunitiesDigest: "00",
  }
}
