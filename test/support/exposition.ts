/**
 * A strict reader of Prometheus' text format 0.0.4, as its documentation states it.
 *
 * In: what a server answers to a scrape. Out: families with their samples. Promises: throws with the line at the first
 * thing a scraper might refuse or misread: samples outside their family, a name twice, a bucket that shrinks, labels that
 * are not escaped, a missing end of line.
 */
export interface Family {
  readonly name: string
  readonly type: "counter" | "gauge" | "histogram"
  readonly help: string
  readonly samples: ReadonlyArray<Sample>
}

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (NaN|[+-]Inf|[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y

const numberOf = (text: string): number =>
  text.endsWith("Inf") ? (text.startsWith("-") ? -Infinity : Infinity) : Number(text)

const labelsOf = (text: string, line: string): Readonly<Record<string, string>> => {
  const labels: Record<string, string> = {}
  for (LABEL.lastIndex = 0; LABEL.lastIndex < text.length;) {
    const match = LABEL.exec(text)
    if (match === null) throw new Error(`labels cannot be read: ${line}`)
    const [, name = "", value = ""] = match
    if (name in labels) throw new Error(`a label twice: ${line}`)
    labels[name] = value.replaceAll(/\\(.)/g, (_, escaped) => escaped === "n" ? "\n" : escaped)
  }
  return labels
}

const isType = (type: string): type is Family["type"] => ["counter", "gauge", "histogram"].includes(type)

/** Buckets grow, end at +Inf, and that is the count. */
const checkHistogram = ({ name, samples }: Family): void => {
  const series = Map.groupBy(samples, ({ labels: { le: _, ...labels } }) => JSON.stringify(labels))
  for (const [labels, some] of series) {
    const buckets = some.filter((sample) => sample.name === `${name}_bucket`)
    const bounds = buckets.map((bucket) => numberOf(bucket.labels["le"] ?? "NaN"))
    const count = some.find((sample) => sample.name === `${name}_count`)?.value
    const isGrowing = buckets.every(({ value }, at) =>
      at === 0 || ((bounds[at] ?? 0) > (bounds[at - 1] ?? 0) && value >= (buckets[at - 1]?.value ?? 0))
    )
    const isWhole = bounds.at(-1) === Infinity && buckets.at(-1)?.value === count &&
      some.some((sample) => sample.name === `${name}_sum`)
    if (!isGrowing || !isWhole) throw new Error(`not a histogram: ${name} ${labels}`)
  }
}

export const read = (text: string): ReadonlyMap<string, Family> => {
  if (text !== "" && !text.endsWith("\n")) throw new Error("the last line has no end")
  const families = new Map<string, Family & { readonly samples: Array<Sample> }>()
  const seen = new Set<string>()
  let help: readonly [name: string, text: string] = ["", ""]
  let now: (Family & { readonly samples: Array<Sample> }) | undefined
  for (const line of text.split("\n").slice(0, -1)) {
    const [, keyword, about = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (keyword === "HELP") {
      help = [about, rest]
    } else if (keyword === "TYPE") {
      if (!NAME.test(about) || !isType(rest) || families.has(about)) throw new Error(`a type out of order: ${line}`)
      if (help[0] !== about || help[1] === "") throw new Error(`nobody says what it is: ${line}`)
      now = { name: about, type: rest, help: help[1], samples: [] }
      families.set(about, now)
    } else {
      const [, name = "", labels = "", value = ""] = SAMPLE.exec(line) ?? []
      const suffix = now !== undefined && name.startsWith(now.name) ? name.slice(now.name.length) : "?"
      const isOfIt = now?.type === "histogram" ? ["_bucket", "_sum", "_count"].includes(suffix) : suffix === ""
      if (now === undefined || !isOfIt) throw new Error(`a sample outside its family: ${line}`)
      const sample = { name, labels: labelsOf(labels, line), value: numberOf(value) }
      const key = `${name} ${JSON.stringify(Object.entries(sample.labels).toSorted())}`
      if (seen.has(key)) throw new Error(`a sample twice: ${line}`)
      seen.add(key)
      if (now.type === "counter" && !(sample.value >= 0)) throw new Error(`a counter below zero: ${line}`)
      now.samples.push(sample)
    }
  }
  for (const family of families.values()) if (family.type === "histogram") checkHistogram(family)
  return families
}
