/**
 * A load run as text: the live display, the summary, the table of objectives.
 *
 * In: a report, checks that were judged. Out: lines for a terminal. Promises: pure; what was not measured is "-", never 0;
 * what is wrong (lost, duplicated, growing) says so in words and not by colour alone.
 */
import { duplicatesOf, LatencyStage, lostOf, type ScenarioReport } from "../../domain/ScenarioReport.ts"
import type { Judged } from "../../domain/Slo.ts"
import { table } from "./Table.ts"

/** What each stage is, for people. */
export const STAGE_NAMES: Readonly<Record<LatencyStage, string>> = {
  receive: "venue -> received",
  detect: "received -> detected",
  validate: "detected -> published",
  queue: "published -> queued",
  accepted: "queued -> accepted",
  total: "received -> accepted",
  limiter_wait: "waits for rate limits",
  feed_lag: "ticks handed in late",
  reply: "asked -> replied",
}

export const HOP_NAMES: Readonly<Record<ScenarioReport["hops"][number]["hop"], string>> = {
  ticks: "ticks -> frames",
  frames: "frames -> analysis",
  transitions: "transitions -> distribution",
  rows: "queue rows -> their end",
  messages: "notifications -> messenger",
  commands: "commands -> replies",
}

export const number = (value: number | null, digits = 0): string =>
  value === null ? "-" : value.toLocaleString("en", { maximumFractionDigits: digits, useGrouping: false })

const latencies = ({ latencyMs }: ScenarioReport): string =>
  table(
    LatencyStage.literals.filter((stage) => latencyMs[stage].count > 0).map((stage) => {
      const { count, max, p50, p90, p99, p999 } = latencyMs[stage]
      return {
        "latency, ms": STAGE_NAMES[stage],
        p50: number(p50),
        p90: number(p90),
        p99: number(p99),
        "p99.9": number(p999),
        max: number(max),
        times: number(count),
      }
    }),
  )

/** Redrawn in place while the run goes on. */
export const display = (report: ScenarioReport): ReadonlyArray<string> => {
  const { elapsedMs, samples, scenario, totals } = report, now = samples.at(-1)
  const { reply, total: rest } = report.latencyMs
  return [
    `${scenario.name}: ${number(elapsedMs / 1_000)} of ${number(scenario.durationMs / 1_000)} s · ${
      report.world["bus"]
    }, ${report.world["store"]}`,
    `rates    ${number(now?.ticksPerS ?? null)} ticks/s · ${number(now?.framesPerS ?? null)} frames/s · ` +
    `${number(now?.opportunitiesPerS ?? null, 1)} opportunities/s · ${
      number(now?.notificationsPerS ?? null, 1)
    } notifications/s`,
    `so far   ${totals.ticks} ticks · ${totals.opportunities} opportunities · ${totals.notifications} notifications · ${
      number(lostOf(report))
    } lost · ${number(duplicatesOf(report))} told twice`,
    `lag      ${number(now?.lagFrames ?? null)} frames · ${number(now?.lagTransitions ?? null)} transitions · queue ${
      number(now?.queueDepth ?? null)
    } · outbox ${number(now?.outboxDepth ?? null)}`,
    `latency  received to accepted p50 ${number(rest.p50)} · p99 ${number(rest.p99)} · max ${number(rest.max)} ms`,
    ...(totals.commands === 0 ? [] : [
      `replies  ${totals.replies} of ${totals.commands} commands · p50 ${number(reply.p50)} · p99 ${
        number(reply.p99)
      } · max ${number(reply.max)} ms`,
    ]),
    `cost     ${number(now?.cpuCores ?? null, 2)} cores · heap ${number(now?.heapMiB ?? null)} MiB · rss ${
      number(now?.rssMiB ?? null)
    } MiB · ${number(now?.handles ?? null)} handles`,
  ]
}

const hops = (report: ScenarioReport): string =>
  table(report.hops.map(({ arrived, duplicates, entered, hop, lost, waiting }) => ({
    hop: HOP_NAMES[hop],
    entered: number(entered),
    arrived: number(arrived),
    waiting: number(waiting),
    lost: number(lost),
    twice: number(duplicates),
  })))

const trends = (report: ScenarioReport): ReadonlyArray<string> =>
  report.soak
    ? [
      "",
      table(report.trends.map(({ figure, grows, high, low, perHour }) => ({
        "growth an hour": figure,
        slope: number(perHour, 2),
        "95% from": number(low, 2),
        to: number(high, 2),
        verdict: grows === null ? "too short to say" : grows ? "GROWS" : "flat",
      }))),
    ]
    : []

/** "sent 12, expired 3": what there was none of is left out. */
const counted = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts).filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`).join(", ")

export const summary = (report: ScenarioReport): string => {
  const { errors, injected, rates, resources, scenario, totals } = report
  const struck = counted(injected), ends = counted(report.rows)
  return [
    `${scenario.name}: ${scenario.what}, seed ${scenario.seed}`,
    `  ${totals.ticks} ticks (${number(rates.ticksPerS)}/s), ${totals.frames} frames (${number(rates.framesPerS)}/s, ${
      number(rates.wireMBPerS, 2)
    } MB/s)`,
    `  ${totals.opportunities} opportunities, ${totals.notifications} notifications, ${totals.edits} edits`,
    ...(totals.commands === 0
      ? []
      : [`  ${totals.replies} replies to ${totals.commands} commands (${number(rates.repliesPerS, 1)}/s)`]),
    ...(ends === "" ? [] : [`  queue rows: ${ends}`]),
    `  ${number(resources.cpuCores, 2)} cores, heap up to ${number(resources.peakHeapMiB)} MiB, rss up to ${
      number(resources.peakRssMiB)
    } MiB`,
    `  opportunities digest ${report.opportunitiesDigest}`,
    ...(struck === "" ? [] : [`  struck on purpose: ${struck}`]),
    "",
    hops(report),
    "",
    latencies(report),
    ...trends(report),
    ...(errors.length === 0 ? [] : [
      "",
      table(errors.map(({ count, reason, where }) => ({ error: where, reason, times: String(count) }))),
    ]),
  ].join("\n")
}

export const objectives = (judged: ReadonlyArray<Judged>): string =>
  table(judged.map(({ check, limit, measured, verdict }) => ({ objective: check, limit, measured, verdict })))
