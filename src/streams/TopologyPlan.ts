/**
 * Where the bus differs from what is declared.
 *
 * In: declarations, and what was found. Out: what would be created or changed, from what to what, what no change in place
 * can mend, and streams of others that store our subjects. Promises: pure; nothing found that was not declared is ever
 * proposed to go.
 */
import { Duration, Option } from "effect"
import type { BucketSpec, FoundStream, Kept, StreamSpec } from "../layers/Bus.ts"
import { overlaps } from "../layers/SubjectPattern.ts"
import type { Declarations } from "./Topology.ts"

export type Field = keyof Kept
export type FieldValue = Kept[Field]

export interface Change {
  readonly field: Field
  readonly from: FieldValue
  readonly to: FieldValue
  /** False: only made anew. */
  readonly inPlace: boolean
  /** Bytes that a smaller limit takes away at once; null: unknown (an age). */
  readonly discardsBytes: number | null
}

/** `create`: not there. `update`: changed in place. `recreate`: some of it only by removing it first. */
export interface Planned {
  readonly name: string
  readonly kind: "stream" | "bucket"
  readonly action: "create" | "update" | "recreate" | "none"
  readonly changes: ReadonlyArray<Change>
}

/** Somebody else's stream on our subjects: while it is there, ours cannot be made or changed. */
export interface Foreign {
  readonly name: string
  readonly subjects: ReadonlyArray<string>
  /** Of which of our streams. */
  readonly overlaps: ReadonlyArray<string>
}

export interface Plan {
  readonly items: ReadonlyArray<Planned>
  readonly foreign: ReadonlyArray<Foreign>
}

/** Whether there is anything to do. */
export const isUpToDate = ({ foreign, items }: Plan): boolean =>
  foreign.length === 0 && items.every(({ action }) => action === "none")

const FIXED: ReadonlySet<Field> = new Set(["storage", "retention"])

const declaredStream = (spec: StreamSpec): Partial<Kept> => {
  const maxAgeMs = Duration.toMillis(spec.maxAge)
  return {
    subjects: spec.subjects,
    maxBytes: spec.maxBytes,
    maxAgeMs,
    maxMessages: spec.maxMessages ?? null,
    maxMessagesPerSubject: null,
    maxMessageBytes: spec.maxMessageBytes ?? null,
    dedupWindowMs: Math.min(Duration.toMillis(spec.dedupWindow), maxAgeMs),
    whenFull: spec.whenFull ?? "discard_old",
    retention: "limits",
    replicas: spec.replicas ?? 1,
    storage: spec.storage ?? "file",
    // It cannot be taken back, and does no harm.
    ...(spec.timeToLivePerMessage === true ? { timeToLivePerMessage: true } : {}),
  }
}

/** What a declaration of a bucket says; the rest is the bus's own affair. */
const declaredBucket = (spec: BucketSpec): Partial<Kept> => ({
  maxBytes: spec.maxBytes,
  maxAgeMs: Option.getOrNull(Option.map(spec.timeToLive, Duration.toMillis)),
  maxMessagesPerSubject: 1,
  maxMessageBytes: spec.maxValueBytes ?? null,
  replicas: spec.replicas ?? 1,
  storage: spec.storage ?? "file",
})

const textOf = (value: FieldValue | undefined): string =>
  JSON.stringify(Array.isArray(value) ? value.toSorted() : value)

const discarded = ({ state }: FoundStream, field: Field, to: FieldValue): number | null => {
  if (field === "maxAgeMs") return state.messages === 0 ? 0 : null
  if (typeof to !== "number" || state.messages === 0) return 0
  if (field === "maxBytes") return Math.max(0, state.bytes - to)
  const average = state.bytes / state.messages
  return field === "maxMessages" ? Math.max(0, Math.ceil((state.messages - to) * average)) : 0
}

const isTighter = (from: FieldValue, to: FieldValue): boolean =>
  typeof to === "number" && (from === null || (typeof from === "number" && to < from))

const FIELDS: ReadonlyArray<Field> = [
  "subjects",
  "maxBytes",
  "maxAgeMs",
  "maxMessages",
  "maxMessagesPerSubject",
  "maxMessageBytes",
  "dedupWindowMs",
  "whenFull",
  "retention",
  "replicas",
  "storage",
  "timeToLivePerMessage",
]

const compare = (declared: Partial<Kept>, found: FoundStream): ReadonlyArray<Change> =>
  FIELDS.flatMap((field) => {
    const from = found.kept[field], to = declared[field]
    if (to === undefined || textOf(from) === textOf(to)) return []
    if (field === "timeToLivePerMessage" && from === null) return []
    return [{
      field,
      from,
      to,
      inPlace: !FIXED.has(field),
      discardsBytes: isTighter(from, to) ? discarded(found, field, to) : 0,
    }]
  })

const planned = (
  kind: Planned["kind"],
  name: string,
  declared: Partial<Kept>,
  found: ReadonlyArray<FoundStream>,
): Planned => {
  const there = found.find((one) => one.kind === kind && one.name === name)
  if (there === undefined) return { name, kind, action: "create", changes: [] }
  const changes = compare(declared, there)
  const action = changes.length === 0 ? "none" : changes.every(({ inPlace }) => inPlace) ? "update" : "recreate"
  return { name, kind, action, changes }
}

const foreignOf = ({ streams }: Declarations, found: ReadonlyArray<FoundStream>): ReadonlyArray<Foreign> => {
  const ours = new Set(streams.map(({ name }) => name))
  return found.flatMap(({ kept: { subjects }, kind, name }) => {
    if (kind === "bucket" || ours.has(name)) return []
    const touched = streams.filter((spec) =>
      spec.subjects.some((subject) => subjects.some((other) => overlaps(subject, other)))
    )
    return touched.length === 0 ? [] : [{ name, subjects, overlaps: touched.map((spec) => spec.name) }]
  })
}

export const planOf = (declarations: Declarations, found: ReadonlyArray<FoundStream>): Plan => ({
  items: [
    ...declarations.streams.map((spec) => planned("stream", spec.name, declaredStream(spec), found)),
    ...declarations.buckets.map((spec) => planned("bucket", spec.name, declaredBucket(spec), found)),
  ],
  foreign: foreignOf(declarations, found),
})
