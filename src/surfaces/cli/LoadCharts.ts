/**
 * Charts of a load run, as inline SVG without a script.
 *
 * In: a report. Out: one SVG text a chart, drawn by Chart.ts. Promises: the same report gives the same text; what was not
 * measured leaves a hole, not a zero.
 */
import { LatencyStage, type Sample, type ScenarioReport } from "../../domain/ScenarioReport.ts"
import { category, draw, grid, INK, text, valueAxis } from "./Chart.ts"
import { STAGE_NAMES } from "./LoadText.ts"

const legend = { textStyle: text, top: 0, icon: "roundRect", itemWidth: 14, itemHeight: 4, itemGap: 22 }

/** The stages that follow each other, in their order. */
const PATH: ReadonlyArray<LatencyStage> = ["receive", "detect", "validate", "queue", "accepted"]

type Figure = Exclude<keyof Sample, "atMs">

/** Figures of the samples over the run's time, seconds. */
export const overTime = (
  name: string,
  samples: ReadonlyArray<Sample>,
  figures: Readonly<Partial<Record<Figure, string>>>,
): string =>
  draw(name, {
    grid,
    legend,
    xAxis: {
      type: "value",
      min: 0,
      max: "dataMax",
      axisLabel: { ...text, formatter: "{value} s", hideOverlap: true, showMaxLabel: false },
      axisLine: { lineStyle: { color: INK } },
      splitLine: { show: false },
    },
    yAxis: { ...valueAxis, min: 0 },
    series: Object.entries(figures).map(([figure, label]) => ({
      type: "line",
      name: label,
      showSymbol: samples.length === 1,
      lineStyle: { width: 1.5 },
      data: samples.map((sample) => [sample.atMs / 1_000, sample[isFigure(figure) ? figure : "ticksPerS"]]),
    })),
  })

const isFigure = (name: string): name is Figure => name !== "atMs"

/** Where the time goes: median and 99th percentile of each stage, side by side. */
export const budget = ({ latencyMs }: ScenarioReport): string => {
  const stages = PATH.filter((stage) => latencyMs[stage].count > 0).toReversed()
  const bar = (name: string, figure: "p50" | "p99") => ({
    type: "bar",
    name,
    barMaxWidth: 12,
    data: stages.map((stage) => latencyMs[stage][figure]),
    label: { show: true, position: "right", color: INK, formatter: "{c} ms" },
  })
  return draw("budget", {
    grid: { ...grid, left: 24, right: 60 },
    legend,
    xAxis: { ...valueAxis, axisLabel: { show: false } },
    yAxis: category(stages.map((stage) => STAGE_NAMES[stage])),
    series: [bar("p50", "p50"), bar("p99", "p99")],
  }, 70 + 40 * stages.length)
}

/** How often each latency came, on buckets that grow with it. */
export const histogram = (stage: LatencyStage, { latencyMs }: ScenarioReport): string => {
  const { buckets } = latencyMs[stage]
  const first = Math.max(0, buckets.findIndex(({ count }) => count > 0) - 1)
  const shown = buckets.slice(first)
  return draw(`histogram-${stage}`, {
    grid: { ...grid, top: 16 },
    xAxis: {
      ...category(shown.map(({ upToMs }) => String(upToMs))),
      axisLabel: { ...text, hideOverlap: true, formatter: "{value} ms" },
    },
    yAxis: { ...valueAxis, minInterval: 1 },
    series: [{ type: "bar", barCategoryGap: "10%", data: shown.map(({ count }) => count) }],
  }, 200)
}
