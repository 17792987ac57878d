/**
 * What an operator sets of streams and buckets: how much, how long, in how many copies.
 *
 * In: `ARBEDGE_STREAM_LIMITS` (`MD=8GiB/48h,EVT=/14d`) and `ARBEDGE_STREAM_REPLICAS`. Out: the declarations in force, and
 * what cannot be used. Promises: a name that is not declared, or a size or age nobody can read, is told, never passed over.
 */
import { Duration, Option } from "effect"
import type { Settings } from "../domain/Settings.ts"
import { type Declarations, SHIPPED } from "./Topology.ts"

type Chosen = Pick<Settings, "streamLimits" | "streamReplicas">

interface Limits {
  readonly maxBytes: number | null
  readonly ageMs: number | null
}

const BYTES = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 } as const
const MILLIS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const REPLICAS: ReadonlyArray<number> = [1, 3, 5]

const isOneOf = <K extends string>(units: Readonly<Record<K, number>>, unit: string): unit is K =>
  Object.hasOwn(units, unit)

/** `8GiB`, `48h`; empty: null, not set. Undefined: unreadable. */
const measured = <K extends string>(units: Readonly<Record<K, number>>, text: string): number | null | undefined => {
  if (text === "") return null
  const [, digits = "", unit = ""] = /^([1-9]\d{0,8})([A-Za-z]+)$/.exec(text) ?? []
  return isOneOf(units, unit) ? Number(digits) * units[unit] : undefined
}

const readLimits = (text: string): Limits | undefined => {
  const [size = "", age = "", ...more] = text.split("/")
  const maxBytes = measured(BYTES, size), ageMs = measured(MILLIS, age)
  return text === "" || more.length > 0 || maxBytes === undefined || ageMs === undefined
    ? undefined
    : { maxBytes, ageMs }
}

/** The declarations in force, and the texts that cannot be used, with their variable. */
export const topologyOf = (
  chosen: Chosen,
  { buckets, streams }: Declarations = SHIPPED,
): { readonly topology: Declarations; readonly unreadable: ReadonlyArray<string> } => {
  const known = new Set([...streams, ...buckets].map(({ name }) => name))
  const limits = new Map<string, Limits>(), unreadable: Array<string> = []
  for (const text of chosen.streamLimits) {
    const [name = "", value = "", ...more] = text.split("=").map((part) => part.trim())
    const read = readLimits(value)
    if (!known.has(name) || more.length > 0 || read === undefined) unreadable.push(`ARBEDGE_STREAM_LIMITS: "${text}"`)
    else limits.set(name, read)
  }
  const replicas = chosen.streamReplicas
  if (!REPLICAS.includes(replicas)) unreadable.push(`ARBEDGE_STREAM_REPLICAS: "${replicas}" (1, 3 or 5)`)
  return {
    unreadable,
    topology: {
      streams: streams.map((spec) => {
        const { ageMs, maxBytes } = limits.get(spec.name) ?? { ageMs: null, maxBytes: null }
        return {
          ...spec,
          replicas,
          maxBytes: maxBytes ?? spec.maxBytes,
          maxAge: ageMs === null ? spec.maxAge : Duration.millis(ageMs),
        }
      }),
      buckets: buckets.map((spec) => {
        const { ageMs, maxBytes } = limits.get(spec.name) ?? { ageMs: null, maxBytes: null }
        return {
          ...spec,
          replicas,
          maxBytes: maxBytes ?? spec.maxBytes,
          timeToLive: ageMs === null ? spec.timeToLive : Option.some(Duration.millis(ageMs)),
        }
      }),
    },
  }
}
