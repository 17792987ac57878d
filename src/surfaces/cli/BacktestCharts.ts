/**
 * Charts of a backtest, as inline SVG without a script.
 *
 * In: a report. Out: one SVG text a chart, drawn by Chart.ts. Promises: the same report gives the same text; colours are
 * readable on light and dark ground; text that came from outside is escaped.
 */
import { type Backtest, delayName, type Earned, spanName } from "../../domain/Backtest.ts"
import { category, COLOURS, draw, grid, INK, text, valueAxis } from "./Chart.ts"

const MOST_BARS = 12

/** What was earned over time, a line for each delay; all of one currency. */
export const equityChart = (currency: string, earned: ReadonlyArray<Earned>): string =>
  draw(`equity-${currency}`, {
    grid,
    legend: { textStyle: text, top: 0, icon: "roundRect", itemWidth: 14, itemHeight: 4 },
    xAxis: { type: "time", axisLabel: { ...text, hideOverlap: true }, axisLine: { lineStyle: { color: INK } } },
    yAxis: valueAxis,
    series: earned.map(({ curve, delayMs }) => ({
      type: "line",
      name: delayName(delayMs),
      step: "end",
      showSymbol: curve.length === 1,
      data: curve.map(({ at, total }) => [at, Number(total)]),
    })),
    useUTC: true,
  })

export const totalsChart = (currency: string, earned: ReadonlyArray<Earned>): string =>
  draw(`totals-${currency}`, {
    grid: { ...grid, top: 16 },
    xAxis: category(earned.map(({ delayMs }) => delayName(delayMs))),
    yAxis: valueAxis,
    series: [{
      type: "bar",
      data: earned.map(({ total }) => (
        { value: Number(total), itemStyle: { color: Number(total) < 0 ? COLOURS[3] : COLOURS[1] } }
      )),
    }],
  })

export const lifetimesChart = ({ lived }: Backtest): string =>
  draw("lived", {
    grid: { ...grid, top: 16 },
    xAxis: { ...category(lived.map(spanName)), axisLabel: { ...text, interval: 0, rotate: 30 } },
    yAxis: { ...valueAxis, minInterval: 1 },
    series: [{ type: "bar", data: lived.map(({ count }) => count) }],
  })

/** On a logarithmic axis: most checks are below the threshold. */
export const rejectionsChart = ({ rejected }: Backtest): string => {
  const shown = rejected.slice(0, MOST_BARS).toReversed()
  return draw("rejected", {
    grid: { ...grid, top: 8, right: 60 },
    xAxis: { ...valueAxis, type: "log", min: 0.5, axisLabel: { show: false } },
    yAxis: category(shown.map(({ reason }) => reason.replaceAll("_", " "))),
    series: [{
      type: "bar",
      barMaxWidth: 16,
      data: shown.map(({ count }) => count),
      label: { show: true, position: "right", color: INK },
    }],
  }, 60 + 24 * shown.length)
}
