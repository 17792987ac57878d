/**
 * The page of a load run: one HTML file that needs nothing else.
 *
 * In: a report, and the objectives that were judged. Out: HTML with its styles and charts inside. Promises: those of
 * Page.ts; a run that goes on or was killed says so on top; simulated data says so; what is wrong is told in words.
 */
import { duplicatesOf, LatencyStage, lostOf, type ScenarioReport } from "../../domain/ScenarioReport.ts"
import type { Judged } from "../../domain/Slo.ts"
import * as Charts from "./LoadCharts.ts"
import { HOP_NAMES, number, STAGE_NAMES } from "./LoadText.ts"
import { document, escaped, figure, table } from "./Page.ts"

export interface About {
  /** None were asked for: empty. */
  readonly judged: ReadonlyArray<Judged>
  readonly version: string
}

const TILES = `<style>
.tiles{display:grid;gap:.8rem;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));margin:1rem 0}
.tile{padding:.7rem .9rem;background:var(--card);border:1px solid var(--line);border-radius:.6rem}
.tile b{display:block;font-size:1.45rem;font-variant-numeric:tabular-nums}.tile span{color:var(--soft);font-size:.85rem}
.good{color:#0f9d63}.bad{color:#dc2626}
</style>`

const tile = (value: string, label: string, verdict: "good" | "bad" | "" = ""): string =>
  `<div class="tile"><b class="${verdict}">${escaped(value)}</b><span>${escaped(label)}</span></div>`

const none = (count: number | null): "good" | "bad" | "" => count === null ? "" : count === 0 ? "good" : "bad"

const tiles = (report: ScenarioReport): string => {
  const { latencyMs: { reply, total }, rates, resources, totals } = report
  const lost = lostOf(report), twice = duplicatesOf(report)
  return [
    `<div class="tiles">`,
    tile(number(rates.ticksPerS), "ticks a second"),
    tile(number(totals.opportunities), "opportunities"),
    tile(number(totals.notifications), "notifications accepted"),
    tile(number(lost), "lost", none(lost)),
    tile(number(twice), "messages told twice", none(twice)),
    tile(`${number(total.p50)} ms`, "received to accepted, p50"),
    tile(`${number(total.p99)} ms`, "received to accepted, p99"),
    ...(totals.commands === 0 ? [] : [
      tile(`${totals.replies} of ${totals.commands}`, "commands replied to", none(totals.commands - totals.replies)),
      tile(`${number(reply.p99)} ms`, "asked to replied, p99"),
    ]),
    tile(number(resources.cpuCores, 2), "cores"),
    tile(`${number(resources.peakRssMiB)} MiB`, "memory (rss), at most"),
    `</div>`,
  ].join("\n")
}

const objectives = (judged: ReadonlyArray<Judged>): ReadonlyArray<string> =>
  judged.length === 0 ? [] : [
    `<h2>Objectives</h2>`,
    table(
      ["objective", "limit", "measured", "verdict"],
      judged.map(({ check, limit, measured, verdict }) => [check, limit, measured, verdict]),
    ),
  ]

const latencyTable = ({ latencyMs }: ScenarioReport): string =>
  table(
    ["ms", "p50", "p90", "p99", "p99.9", "max", "mean", "times"],
    LatencyStage.literals.map((stage) => {
      const { count, max, mean, p50, p90, p99, p999 } = latencyMs[stage]
      return [
        STAGE_NAMES[stage],
        ...[p50, p90, p99, p999, max].map((value) => number(value)),
        number(mean, 1),
        String(count),
      ]
    }),
  )

const hopTable = ({ hops }: ScenarioReport): string =>
  table(
    ["hop", "entered", "arrived", "waiting at the end", "lost", "twice"],
    hops.map(({ arrived, duplicates, entered, hop, lost, waiting }) => [
      HOP_NAMES[hop],
      number(entered),
      number(arrived),
      number(waiting),
      number(lost),
      number(duplicates),
    ]),
  )

const trendTable = ({ trends }: ScenarioReport): string =>
  table(
    ["figure", "slope an hour", "95% from", "to", "verdict"],
    trends.map(({ figure, grows, high, low, perHour }) => [
      figure,
      number(perHour, 2),
      number(low, 2),
      number(high, 2),
      grows === null ? "too short to say" : grows ? "GROWS" : "flat",
    ]),
  )

const counts = (name: string, of: Readonly<Record<string, number>>): string =>
  Object.keys(of).length === 0
    ? ""
    : table([name, "times"], Object.entries(of).map(([reason, count]) => [reason, String(count)]))

const RULE =
  "A tick's time is when it was due, so a load that is handed in late makes latencies longer. Waits for the messenger's rate " +
  "limits are in none of the stages; they are told by themselves. Lost is what entered a hop and neither came out nor waits."

export const page = (report: ScenarioReport, { judged, version }: About): string => {
  const { errors, injected, rejected, samples, scenario, world } = report
  const histograms = LatencyStage.literals.filter((stage) => report.latencyMs[stage].count > 0)
  const where = Object.entries(world).map(([name, value]) => `${name} ${value}`).join(" · ")
  return document(`Load: ${scenario.name}`, [
    TILES,
    `<h1>Load: ${escaped(scenario.name)}</h1>`,
    `<p class="soft">${escaped(scenario.what)}, seed ${scenario.seed}; began ${
      new Date(report.startedAt).toISOString()
    }; ${number(report.elapsedMs / 1_000, 1)} s; ${escaped(where)}; ArbEdge ${escaped(version)}</p>`,
    report.finished ? "" : `<p class="mark">NOT FINISHED: written while the run went on, or before it was killed</p>`,
    report.simulated ? `<p class="mark">SIMULATED DATA: these markets never were</p>` : "",
    tiles(report),
    ...objectives(judged),
    `<h2>What went in and what came out</h2>`,
    hopTable(report),
    `<div class="cards">`,
    figure(
      "Ticks and frames a second",
      Charts.overTime("rates", samples, { ticksPerS: "ticks/s", framesPerS: "frames/s" }),
    ),
    figure(
      "Opportunities, notifications and replies a second",
      Charts.overTime("told", samples, {
        opportunitiesPerS: "opportunities/s",
        notificationsPerS: "notifications/s",
        repliesPerS: "replies/s",
      }),
    ),
    figure(
      "Lag and depth",
      Charts.overTime("lag", samples, {
        lagFrames: "frames",
        lagTransitions: "transitions",
        queueDepth: "queue rows",
        outboxDepth: "outbox",
      }),
    ),
    figure(
      "Memory, MiB, and handles",
      Charts.overTime("memory", samples, { rssMiB: "rss", heapMiB: "heap", handles: "handles" }),
    ),
    figure("Processor, cores", Charts.overTime("cpu", samples, { cpuCores: "cores" })),
    figure("Where the time goes, ms", Charts.budget(report)),
    `</div>`,
    `<h2>How long it took</h2>`,
    `<p class="soft">${escaped(RULE)}</p>`,
    latencyTable(report),
    `<div class="cards">`,
    ...histograms.map((stage) => figure(STAGE_NAMES[stage], Charts.histogram(stage, report))),
    `</div>`,
    `<h2>Growth over the run</h2>`,
    trendTable(report),
    `<h2>What went wrong, and what was turned down</h2>`,
    counts("struck on purpose", injected),
    errors.length === 0
      ? ""
      : table(["error", "reason", "times"], errors.map(({ count, reason, where }) => [where, reason, String(count)])),
    counts("queue rows by their end", report.rows),
    counts("checks turned down by detection", rejected),
    `<p class="soft">Opportunities digest ${
      escaped(report.opportunitiesDigest)
    }: the same for the same scenario and seed.</p>`,
  ])
}
