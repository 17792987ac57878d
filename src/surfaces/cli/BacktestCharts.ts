/**
 * Charts of a backtest, as inline SVG without a script.
 *
 * In: a report. Out: one SVG text a chart, drawn by echarts on whichever runtime. Promises: the same report gives the same
 * text; colours are readable on light and dark ground; text that came from outside is escaped by the library.
 */
import { BarChart, LineChart } from "echarts/charts"
import { GridComponent, LegendComponent } from "echarts/components"
import { type EChartsCoreOption, init, use } from "echarts/core"
import { SVGRenderer } from "echarts/renderers"
import { type Backtest, delayName, type Earned, spanName } from "../../domain/Backtest.ts"

use([BarChart, LineChart, GridComponent, LegendComponent, SVGRenderer])

const SIZE = { width: 460, height: 260 }
const INK = "#808795"
const FAINT = "rgba(128,135,149,0.25)"
const COLOURS = ["#3b82f6", "#10b981", "#f59e0b", "#ef4444", "#a855f7", "#ec4899"]
const MOST_BARS = 12

const text = { color: INK, fontSize: 12 }
const grid = { left: 12, right: 16, top: 34, bottom: 12, outerBoundsMode: "same", outerBoundsContain: "axisLabel" }
const valueAxis = { type: "value", axisLabel: text, splitLine: { lineStyle: { color: FAINT } } }

/**
 * `name` tells it from the other charts of a page: what it refers to inside itself has its name in front. The library's own
 * numbers grow over the life of the process, and a text must not depend on what was drawn before.
 */
const draw = (name: string, option: EChartsCoreOption, height = SIZE.height): string => {
  const chart = init(null, null, { renderer: "svg", ssr: true, width: SIZE.width, height })
  chart.setOption({ animation: false, color: COLOURS, textStyle: text, ...option })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
    .replace(/ class="[^"]*"|<style[^]*?<\/style>/g, "")
    .replace(/zr\d+-/g, `${name.replace(/[^a-zA-Z0-9]/g, "_")}-`)
    .replace(/^<svg width="\d+" height="\d+"/, "<svg")
}

const category = (names: ReadonlyArray<string>) => ({
  type: "category",
  data: names,
  axisLabel: { ...text, interval: 0 },
  axisLine: { lineStyle: { color: INK } },
})

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
