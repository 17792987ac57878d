/**
 * Tables for people.
 *
 * In: rows of named texts; a name that a row lacks is left blank. Out: aligned columns under a line of names; columns of
 * numbers are set to the right.
 */
const isNumeric = (text: string): boolean => /^[-+]?[\d.,]+%?$/.test(text)

export const table = (rows: ReadonlyArray<Readonly<Record<string, string>>>): string => {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const widths = names.map((name) => Math.max(name.length, ...rows.map((row) => (row[name] ?? "").length)))
  const right = names.map((name) => rows.every((row) => isNumeric(row[name] ?? "0")))
  const line = (cells: ReadonlyArray<string>): string =>
    cells.map((cell, at) => right[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)).join("  ")
      .trimEnd()
  return [
    line(names),
    line(widths.map((width) => "-".repeat(width))),
    ...rows.map((row) => line(names.map((name) => row[name] ?? ""))),
  ].join("\n")
}
