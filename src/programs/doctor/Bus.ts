/**
 * `doctor` on the bus: which one is it, and can it hold what we put there?
 *
 * In: settings. Out: checks of the NATS server, of JetStream's room and of each stream and bucket against its declaration;
 * or that the bus inside the process is used. Promises: nothing is made on the server, and no check holds its credentials.
 */
import { Effect, Option, type Redacted } from "effect"
import type { Settings } from "../../domain/Settings.ts"
import type { BusError } from "../../layers/Bus.ts"
import { inspect, type Inspected } from "../../layers/nats/Inspect.ts"
import type { Declarations } from "../../streams/Topology.ts"
import { type Foreign, type Planned, planOf } from "../../streams/TopologyPlan.ts"
import { topologyOf } from "../../streams/TopologySettings.ts"
import { type Check, failing, ok, optional } from "./Check.ts"

/** What all of it may fill on disk, and in the server's memory. */
const neededBytes = ({ buckets, streams }: Declarations, where: "file" | "memory"): number =>
  [...streams, ...buckets].filter(({ storage = "file" }) => storage === where)
    .reduce((sum, { maxBytes }) => sum + maxBytes, 0)

/** A message of frames holds 64 KB, and a frame that is larger alone a little more. */
const NEEDED_PAYLOAD_BYTES = 256 * 1024

const MEBIBYTE = 1024 * 1024
const mebibytes = (bytes: number): string => `${Math.round(bytes / MEBIBYTE)} MiB`

const trouble = (error: BusError): Check =>
  failing(
    "nats",
    `${error.operation}: ${error.reason} (${error.detail})`,
    /JetStream|jetstream/.test(error.detail)
      ? "start the server with JetStream: `nats-server -js`"
      : error.reason === "rejected"
      ? "correct ARBEDGE_NATS_URL: nats://[user:password@]host:port"
      : "start NATS (`nats-server -js`), or correct ARBEDGE_NATS_URL, or unset it to use the bus in this process",
  )

const server = ({ maxPayloadBytes, supported, version, where }: Inspected): Check => {
  const found = `NATS ${version} at ${where}, messages of ${Math.round(maxPayloadBytes / 1024)} KiB at most`
  if (!supported) return failing("nats", found, "upgrade to NATS 2.9 or newer")
  return maxPayloadBytes < NEEDED_PAYLOAD_BYTES
    ? failing("nats", found, `raise max_payload to ${NEEDED_PAYLOAD_BYTES} bytes or more`)
    : ok("nats", found)
}

const room = (report: Inspected, declared: Declarations): ReadonlyArray<Check> => {
  const one = (name: string, what: string, storedBytes: number, limitBytes: number, neededBytes: number): Check => {
    const limit = limitBytes < 0 ? "no limit for the account" : `of ${mebibytes(limitBytes)} allowed`
    const found = `${mebibytes(storedBytes)} stored, ${limit}`
    return limitBytes >= 0 && limitBytes < neededBytes
      ? failing(name, found, `allow the account ${mebibytes(neededBytes)} of ${what}`)
      : ok(name, found)
  }
  const { memoryBytes, memoryLimitBytes, storageLimitBytes, storedBytes } = report
  return [
    one("jetstream", "file storage", storedBytes, storageLimitBytes, neededBytes(declared, "file")),
    one("jetstream memory", "memory", memoryBytes, memoryLimitBytes, neededBytes(declared, "memory")),
  ]
}

const APPLY = "`arbedge streams plan` shows what differs, `arbedge streams apply` mends it"

const declaredCheck = ({ streams }: Inspected, { action, changes, kind, name }: Planned): Check => {
  const title = `${kind} ${name}`
  const found = streams.find((one) => one.name === name && one.kind === kind)
  if (found === undefined) return optional(title, "not there yet", "nothing to do: `arbedge run` makes it")
  const { kept, state } = found
  const size = kept.maxBytes === null ? "without limit" : `of ${mebibytes(kept.maxBytes)}`
  const detail = `${state.messages} messages, ${mebibytes(state.bytes)} ${size}`
  if (action === "none") return ok(title, detail)
  const fields = changes.map(({ field }) => field).join(", ")
  return failing(
    title,
    `${detail}; not as declared: ${fields}`,
    action === "update" ? APPLY : "it must be made anew: `arbedge streams plan` says how",
  )
}

const foreignCheck = ({ name, overlaps, subjects }: Foreign): Check =>
  failing(
    `stream ${name}`,
    `not ours, and stores ${subjects.join(" ")}, which ${overlaps.join(", ")} must store`,
    "remove it, or change its subjects",
  )

const onServer = (
  url: Redacted.Redacted,
  prefix: string,
  declared: Declarations,
): Effect.Effect<ReadonlyArray<Check>> =>
  inspect({ url, streamPrefix: prefix, subjectPrefix: prefix }).pipe(
    Effect.map((report) => {
      const { foreign, items } = planOf(declared, report.streams)
      return [
        server(report),
        ...room(report, declared),
        ...items.map((item) => declaredCheck(report, item)),
        ...foreign.map(foreignCheck),
      ]
    }),
    Effect.catch((error) => Effect.succeed([trouble(error)])),
  )

const unreadableCheck = (texts: ReadonlyArray<string>): ReadonlyArray<Check> =>
  texts.length === 0
    ? []
    : [failing("stream limits", `no limits can be made of ${texts.join(", ")}`, "correct it: docs/guides/streams.md")]

export const checkBus = (settings: Settings): Effect.Effect<ReadonlyArray<Check>> => {
  const { natsUrl, streamPrefix } = settings
  const { topology, unreadable } = topologyOf(settings)
  const checks = Option.match(natsUrl, {
    onNone: () =>
      Effect.succeed([
        ok(
          "bus",
          "embedded in the service's process; a restart loses what is in it",
          "set ARBEDGE_NATS_URL for a durable one",
        ),
      ]),
    onSome: (url) => onServer(url, streamPrefix, topology),
  })
  return Effect.map(checks, (found) => [...found, ...unreadableCheck(unreadable)])
}
