/**
 * Charts for pages: inline SVG without a script, drawn by echarts on whichever runtime.
 *
 * In: an option of echarts. Out: one SVG text. Promises: the same option gives the same text; colours are readable on
 * light and dark ground; text that came from outside is escaped by the library.
 */
import { BarChart, LineChart } from "echarts/charts"
import { GridComponent, LegendComponent } from "echarts/components"
import { type EChartsCoreOption, init, use } from "echarts/core"
import { SVGRenderer } from "echarts/renderers"

use([BarChart, LineChart, GridComponent, LegendComponent, SVGRenderer])

const SIZE = { width: 460, height: 260 }
export const INK = "#808795"
const FAINT = "rgba(128,135,149,0.25)"
export const COLOURS = ["#3b82f6", "#10b981", "#f59e0b", "#ef4444", "#a855f7", "#ec4899"]

export const text = { color: INK, fontSize: 12 }
export const grid = {
  left: 12,
  right: 16,
  top: 34,
  bottom: 12,
  outerBoundsMode: "same",
  outerBoundsContain: "axisLabel",
}
export const valueAxis = { type: "value", axisLabel: text, splitLine: { lineStyle: { color: FAINT } } }

/**
 * `name` tells it from the other charts of a page: what it refers to inside itself has its name in front. The library's own
 * numbers grow over the life of the process, and a text must not depend on what was drawn before.
 */
export const draw = (name: string, option: EChartsCoreOption, height = SIZE.height): string => {
  const chart = init(null, null, { renderer: "svg", ssr: true, width: SIZE.width, height })
  chart.setOption({ animation: false, color: COLOURS, textStyle: text, ...option })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
    .replace(/ class="[^"]*"|<style[^]*?<\/style>/g, "")
    .replace(/zr\d+-/g, `${name.replace(/[^a-zA-Z0-9]/g, "_")}-`)
    .replace(/^<svg width="\d+" height="\d+"/, "<svg")
}

export const category = (names: ReadonlyArray<string>) => ({
  type: "category",
  data: names,
  axisLabel: { ...text, interval: 0 },
  axisLine: { lineStyle: { color: INK } },
})
