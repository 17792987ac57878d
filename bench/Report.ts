/**
 * A result for people: one table a benchmark, figures down, least, median and greatest across.
 *
 * In: a result of Paired.ts. Out: text. The JSON form is the result itself.
 */
import type { Result, Spread, Target } from "./Paired.ts"

const number = (value: number): string =>
  Number.isNaN(value)
    ? "-"
    : Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString("en-US")
    : String(Number(value.toPrecision(4)))

const cells = (spread: Spread | undefined): ReadonlyArray<string> =>
  spread === undefined ? ["", "", ""] : [number(spread.min), number(spread.median), number(spread.max)]

const wanted = ({ atLeast, atMost, figure }: Target): string =>
  [
    ...(atLeast === undefined ? [] : [`${figure} >= ${number(atLeast)}`]),
    ...(atMost === undefined ? [] : [`${figure} <= ${number(atMost)}`]),
  ].join(", ")

export const tableOf = (result: Result): string => {
  const figures = [...new Set([...Object.keys(result.ours), ...Object.keys(result.theirs)])]
  const rows = [
    ["", "min", "median", "max", "control min", "median", "max"],
    ...figures.map((figure) => [figure, ...cells(result.ours[figure]), ...cells(result.theirs[figure])]),
    [`ratio of ${result.compared}`, ...cells(result.ratio), "", "", ""],
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  const line = (row: ReadonlyArray<string>) =>
    row.map((cell, at) => at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)).join("  ").trimEnd()
  return [
    `${result.benchmark}: ${result.about} (${result.runtime}, ${result.passes} passes)`,
    `control: ${result.control}`,
    ...rows.map(line),
    ...result.targets.map((target) => `${target.met ? "met   " : "MISSED"} ${wanted(target)}`),
    "",
  ].join("\n")
}
