/**
 * `doctor` on the bus: which one is it, and can it hold what we put there?
 *
 * In: settings. Out: checks of the NATS server, of JetStream's room and of our streams; or that the bus inside the process
 * is used. Promises: nothing is made on the server, and no check holds its credentials.
 */
import { Effect, Option, type Redacted } from "effect"
import type { Settings } from "../../domain/Settings.ts"
import type { BusError } from "../../layers/Bus.ts"
import { inspect, type Inspected } from "../../layers/nats/Inspect.ts"
import { MARKET_BUCKET } from "../../streams/MarketCache.ts"
import { FACTS, MARKET_DATA, OPPORTUNITIES, QUARANTINE } from "../../streams/Topology.ts"
import { type Check, failing, ok, optional } from "./Check.ts"

const STREAMS = [MARKET_DATA, OPPORTUNITIES, FACTS, QUARANTINE]
const NEEDED_BYTES = [...STREAMS, MARKET_BUCKET].reduce((sum, { maxBytes }) => sum + maxBytes, 0)
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

const room = ({ storageLimitBytes, storedBytes }: Inspected): Check => {
  const limit = storageLimitBytes < 0 ? "no limit for the account" : `of ${mebibytes(storageLimitBytes)} allowed`
  const found = `${mebibytes(storedBytes)} stored, ${limit}`
  return storageLimitBytes >= 0 && storageLimitBytes < NEEDED_BYTES
    ? failing("jetstream", found, `allow the account ${mebibytes(NEEDED_BYTES)} of file storage`)
    : ok("jetstream", found)
}

const streams = (report: Inspected): ReadonlyArray<Check> =>
  report.streams.map(({ name, state }) =>
    Option.match(state, {
      onNone: () => optional(`stream ${name}`, "not there yet", "nothing to do: `arbedge run` makes it"),
      onSome: ({ bytes, maxBytes, messages }) =>
        ok(`stream ${name}`, `${messages} messages, ${mebibytes(bytes)} of ${mebibytes(maxBytes)}`),
    })
  )

const onServer = (url: Redacted.Redacted, prefix: string): Effect.Effect<ReadonlyArray<Check>> =>
  inspect({ url, streamPrefix: prefix, subjectPrefix: prefix }, STREAMS.map(({ name }) => name)).pipe(
    Effect.map((report) => [server(report), room(report), ...streams(report)]),
    Effect.catch((error) => Effect.succeed([trouble(error)])),
  )

export const checkBus = ({ natsUrl, streamPrefix }: Settings): Effect.Effect<ReadonlyArray<Check>> =>
  Option.match(natsUrl, {
    onNone: () =>
      Effect.succeed([
        ok(
          "bus",
          "embedded in the service's process; a restart loses what is in it",
          "set ARBEDGE_NATS_URL for a durable one",
        ),
      ]),
    onSome: (url) => onServer(url, streamPrefix),
  })
