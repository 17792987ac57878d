/**
 * Streams and buckets in the words of an operator.
 *
 * In: plans, what was found. Out: lines and rows for a terminal. Promises: sizes and times carry their units; whatever
 * takes something away, or cannot be done in place, says so and what to do.
 */
import { Duration } from "effect"
import type { Listed, Refused } from "../../programs/Streams.ts"
import type { Change, Field, FieldValue, Plan, Planned } from "../../streams/TopologyPlan.ts"
import { table } from "./Table.ts"

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const

/** At most one digit behind the point, in the largest unit that leaves something before it. */
export const sizeText = (bytes: number): string => {
  let value = bytes, unit = 0
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${UNITS[unit]}`
}

const FIELD_NAMES: Readonly<Record<Field, string>> = {
  subjects: "subjects",
  maxBytes: "size",
  maxAgeMs: "age",
  maxMessages: "messages",
  maxMessagesPerSubject: "messages a subject",
  maxMessageBytes: "message size",
  dedupWindowMs: "dedup window",
  whenFull: "when full",
  retention: "retention",
  replicas: "replicas",
  storage: "storage",
  timeToLivePerMessage: "a time to live per message",
}

const valueText = (field: Field, value: FieldValue): string => {
  if (value === null) return "no limit"
  if (typeof value === "object") return value.toSorted().join(" ")
  if (typeof value !== "number") return String(value)
  if (field.endsWith("Bytes")) return sizeText(value)
  return field.endsWith("Ms") ? Duration.format(Duration.millis(value)) : String(value)
}

const consequence = ({ discardsBytes, inPlace }: Change): string =>
  !inPlace
    ? "  cannot be changed in place"
    : discardsBytes === null
    ? "  discards what is older"
    : discardsBytes > 0
    ? `  discards the oldest ${sizeText(discardsBytes)}`
    : ""

const changeLine = (change: Change): string =>
  `      ${FIELD_NAMES[change.field]}: ${valueText(change.field, change.from)} -> ` +
  `${valueText(change.field, change.to)}${consequence(change)}`

const MARK = { create: "+", update: "~", recreate: "!", none: " " } as const
const WORDS = {
  create: "would be created",
  update: "would be changed",
  recreate: "must be made anew",
  none: "as declared",
} as const

const itemLines = ({ action, changes, kind, name }: Planned): ReadonlyArray<string> => [
  `  ${MARK[action]} ${kind} ${name}  ${WORDS[action]}`,
  ...changes.map(changeLine),
]

/** What no command of ours does, because it takes away what is stored. */
const advice = ({ foreign, items }: Plan): ReadonlyArray<string> => [
  ...items.filter(({ action }) => action === "recreate").map(({ kind, name }) =>
    kind === "stream"
      ? `${name}: stop ArbEdge, keep a copy (\`nats stream backup ${name} FOLDER\`), remove it (\`nats stream rm ${name}\`), ` +
        "then `arbedge streams apply`"
      : `${name}: remove it (\`nats kv del ${name}\`; what is in it is a cache), then \`arbedge streams apply\``
  ),
  ...foreign.map(({ name, overlaps, subjects }) =>
    `${name} is not ours and stores ${subjects.join(" ")}, which ${
      overlaps.join(", ")
    } must store: remove it, or change ` +
    "its subjects"
  ),
]

export const planText = (plan: Plan): string => {
  const due = plan.items.filter(({ action }) => action !== "none")
  const asDeclared = plan.items.length - due.length
  const told = advice(plan)
  return [
    ...due.flatMap(itemLines),
    ...due.length === 0 ? [] : [""],
    `${asDeclared} of ${plan.items.length} streams and buckets are as declared`,
    ...told.length === 0 ? [] : ["", "What to do", ...told.map((line) => `  ${line}`)],
  ].join("\n")
}

export const refusedText = ({ detail, name, reason }: Refused): string =>
  `  ${name}: ${reason}: ${detail}` +
  (/replica/i.test(detail) ? " (set ARBEDGE_STREAM_REPLICAS=1 where NATS is not a cluster)" : "")

const lagOf = ({ found: { readers } }: Listed): string =>
  readers.length === 0 ? "-" : String(Math.max(...readers.map(({ pending }) => pending)))

const limitText = (bytes: number | null): string => bytes === null ? "-" : sizeText(bytes)

const row = (listed: Listed): Readonly<Record<string, string>> => {
  const { declared, found: { kept, kind, name, readers, state } } = listed
  return {
    name: declared ? name : `${name} (not ours)`,
    kind,
    messages: String(state.messages),
    stored: sizeText(state.bytes),
    of: limitText(kept.maxBytes),
    age: kept.maxAgeMs === null ? "-" : Duration.format(Duration.millis(kept.maxAgeMs)),
    readers: String(readers.length),
    lag: lagOf(listed),
  }
}

export const listText = (all: ReadonlyArray<Listed>): string => {
  const readers = all.flatMap(({ found: { name, readers } }) =>
    readers.map((reader) => ({
      stream: name,
      reader: reader.name,
      lag: String(reader.pending),
      unanswered: String(reader.unanswered),
      redelivered: String(reader.redelivered),
    }))
  )
  return [
    table(all.map(row)),
    ...readers.length === 0 ? [] : ["", table(readers), "", "lag: messages a reader has not been given yet"],
  ].join("\n")
}
