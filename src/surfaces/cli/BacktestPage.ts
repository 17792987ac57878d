/**
 * The page of a backtest: one HTML file that needs nothing else.
 *
 * In: a report, and what it was made of. Out: HTML with its styles and charts inside. Promises: no script and nothing from
 * the network; readable on a phone, on light and dark ground; simulated data says so on top; every text from outside is
 * escaped.
 */
import { type Backtest, delayName, type Earned } from "../../domain/Backtest.ts"
import type { ScorecardRow } from "../../domain/Scorecard.ts"
import * as Charts from "./BacktestCharts.ts"
import { document, escaped, figure, table } from "./Page.ts"

export interface About {
  readonly file: string
  readonly config: string
  readonly version: string
}

const time = (ms: number | null): string => ms === null ? "-" : new Date(ms).toISOString()
const percent = (share: string | null): string => share === null ? "-" : `${(Number(share) * 100).toFixed(2)}%`

const earnedTable = (earned: ReadonlyArray<Earned>): string =>
  table(
    ["delay", "earned", "told", "taken", "missed", "unread", "hit rate", "best", "worst", "max drawdown"],
    earned.map((it) => [
      delayName(it.delayMs),
      `${it.total} ${it.currency}`,
      ...[it.told, it.taken, it.missed, it.unread].map(String),
      percent(it.hitRate),
      it.best ?? "-",
      it.worst ?? "-",
      it.maxDrawdown,
    ]),
  )

const earnings = ({ earned }: Backtest): string =>
  [...new Set(earned.map(({ currency }) => currency))].map((currency) => {
    const its = earned.filter((one) => one.currency === currency)
    return [
      `<div class="cards">`,
      figure(`Earned over time, ${currency}, by delay`, Charts.equityChart(currency, its)),
      figure(`Earned in all, ${currency}, by delay`, Charts.totalsChart(currency, its)),
      `</div>`,
      earnedTable(its),
    ].join("\n")
  }).join("\n")

const foundTable = (rows: ReadonlyArray<ScorecardRow>): string =>
  table(
    [
      rows[0]?.by ?? "",
      "found",
      "silent",
      "median life",
      "median net bps",
      ...(rows[0]?.after ?? []).map(({ delayMs }) => `pays after ${delayMs / 1_000} s`),
    ],
    rows.map((row) => [
      row.group,
      String(row.found),
      String(row.silent),
      `${row.medianLivedMs} ms`,
      row.medianNetBps ?? "-",
      ...row.after.map(({ judged, realisable }) => judged === 0 ? "-" : `${realisable} of ${judged}`),
    ]),
  )

const RULE =
  "Each opportunity told is taken once, at the size first told, so long after its detection, blindly: what its plan nets on " +
  "the books of that instant is gained or lost. What the books did not hold then is missed and costs nothing; what nobody " +
  "can say (the recording ended, a book was stale or broken) is unread and counts nowhere. Capital is not limited, nothing " +
  "taken moves a book, and currencies are never added up."

export const page = (report: Backtest, about: About): string => {
  const nothing = `<p>No opportunity was found.</p>`
  return document(`Backtest of ${about.file}`, [
    `<h1>Backtest</h1>`,
    `<p class="soft">${escaped(about.file)} with ${escaped(about.config)}, ArbEdge ${escaped(about.version)}</p>`,
    report.simulated ? `<p class="mark">SIMULATED DATA: these markets never were</p>` : "",
    `<p>${report.found} opportunities in ${report.checks} checks, from ${time(report.from)} to ${
      time(report.to)
    }; ${report.silent}`,
    `of them were kept from people by validation.</p>`,
    `<h2>What it would have earned</h2>`,
    `<p class="soft">${escaped(RULE)}</p>`,
    report.earned.length === 0 ? `<p>Nothing told names a profit.</p>` : earnings(report),
    `<h2>What was found</h2>`,
    ...(report.found === 0 ? [nothing] : [report.by.type, report.by.pair, report.by.venue].map(foundTable)),
    `<h2>How long it lived, and what was turned down</h2>`,
    `<div class="cards">`,
    report.found === 0 ? "" : figure("Opportunities by life", Charts.lifetimesChart(report)),
    report.rejected.length === 0
      ? ""
      : figure("Checks turned down, by reason (logarithmic)", Charts.rejectionsChart(report)),
    `</div>`,
    report.refused.length === 0 ? "" : table(
      ["refused by validation", "level", "times"],
      report.refused.map(({ count, level, reason }) => [reason, String(level), String(count)]),
    ),
  ])
}
