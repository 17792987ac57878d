/**
 * Looks for the outside world of a test run: NATS with JetStream, Postgres, the recorded market data.
 * Comes in: ARBEDGE_NATS_URL, ARBEDGE_POSTGRES_URL and ARBEDGE_DATA, each with a default.
 * Goes out: per part whether it answers, and if not, why not; `.ci/run` asks the same probes before it starts servers.
 * Promises: a probe takes at most two seconds, never throws, and never repeats a password.
 */
import { existsSync, readdirSync } from "node:fs"
import { connect } from "node:net"
import { resolve } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"

/** One part of the outside world: whether it answers, and if not, why not and how to provide it. */
export interface Dependency {
  readonly name: string
  readonly available: boolean
  /** Why it cannot be used and what to do about it; empty when it is available. */
  readonly why: string
}

/** A server, with the URL it was looked for at. */
export interface ServerDependency extends Dependency {
  readonly url: string
}

/** A folder, with the absolute path it was looked for at. */
export interface FolderDependency extends Dependency {
  readonly path: string
}

const probeTimeoutMs = 2_000
const root = fileURLToPath(new URL("../../", import.meta.url))

/** What the first bytes of a server's answer say: null means "it is usable", text says why not. */
type Verdict = (firstBytes: Uint8Array) => string | null

/** Connects, says `greeting` (if any), and judges the first answer. Resolves to null or to the reason. */
const ask = (host: string, port: number, greeting: Uint8Array | null, verdict: Verdict): Promise<string | null> =>
  new Promise((done) => {
    const socket = connect({ host, port })
    const finish = (answer: string | null) => {
      socket.destroy()
      done(answer)
    }
    socket.setTimeout(probeTimeoutMs, () => finish(`no answer within ${probeTimeoutMs} ms`))
    socket.on("error", (error) => finish(error.message === "" ? "connection refused" : error.message))
    socket.on("close", () => done("the connection was closed without an answer"))
    socket.on("connect", () => {
      if (greeting !== null) socket.write(greeting)
    })
    socket.once("data", (bytes) => finish(verdict(bytes)))
  })

const natsVerdict: Verdict = (bytes) => {
  const line = new TextDecoder().decode(bytes)
  if (!line.startsWith("INFO ")) return "something that is not NATS answers there"
  return /"jetstream":\s*true/.test(line) ? null : "NATS answers, but without JetStream (start it with -js)"
}

/** Postgres's start-up message (protocol 3.0): length, version, then zero-ended names and values. */
const postgresGreeting = (user: string, database: string): Uint8Array => {
  const text = new TextEncoder().encode(`user\0${user}\0database\0${database}\0\0`)
  const message = new Uint8Array(8 + text.length)
  const view = new DataView(message.buffer)
  view.setUint32(0, message.length)
  view.setUint32(4, 3 << 16)
  message.set(text, 8)
  return message
}

const postgresVerdict: Verdict = (bytes) => {
  const answer = new TextDecoder().decode(bytes)
  if (answer.startsWith("R")) return null
  if (!answer.startsWith("E")) return "something that is not Postgres answers there"
  return answer.split("\0").find((field) => field.startsWith("M"))?.slice(1) ?? "it refuses the login"
}

/** How to look for one kind of server. */
interface Server {
  readonly name: string
  readonly variable: string
  readonly defaultPort: number
  readonly greeting: (url: URL) => Uint8Array | null
  readonly verdict: Verdict
}

const lookFor = async (server: Server, url: string): Promise<ServerDependency> => {
  // NATS accepts a bare host:port; a URL may hold a password, so only its host is ever said.
  const parsed = URL.parse(url.includes("://") ? url : `nats://${url}`)
  const reason = parsed === null ? `${server.variable} is not a URL` : await ask(
    parsed.hostname.replace(/^\[|\]$/g, ""),
    parsed.port === "" ? server.defaultPort : Number(parsed.port),
    server.greeting(parsed),
    server.verdict,
  )
  const where = parsed === null ? "" : ` at ${parsed.host}`
  const why = reason === null ? "" : `no ${server.name}${where}: ${reason}; start one or set ${server.variable}`
  return { name: server.name, url, available: reason === null, why }
}

const defaultNatsUrl = process.env["ARBEDGE_NATS_URL"] ?? "nats://127.0.0.1:4222"
const defaultPostgresUrl = process.env["ARBEDGE_POSTGRES_URL"] ?? "postgres://postgres@127.0.0.1:5432/postgres"

/** Looks for NATS with JetStream. */
export const probeNats = (url: string = defaultNatsUrl): Promise<ServerDependency> =>
  lookFor({
    name: "NATS",
    variable: "ARBEDGE_NATS_URL",
    defaultPort: 4222,
    greeting: () => null,
    verdict: natsVerdict,
  }, url)

/** Looks for Postgres; its user needs CREATEDB, as each run makes a database of its own. */
export const probePostgres = (url: string = defaultPostgresUrl): Promise<ServerDependency> =>
  lookFor({
    name: "Postgres",
    variable: "ARBEDGE_POSTGRES_URL",
    defaultPort: 5432,
    greeting: ({ username, pathname }) =>
      postgresGreeting(decodeURIComponent(username) || "postgres", pathname.slice(1) || "postgres"),
    verdict: postgresVerdict,
  }, url)

/** Looks for the recorded market data at ARBEDGE_DATA, else ../shared/data beside the checkout. */
export const probeData = (path = process.env["ARBEDGE_DATA"] ?? "../shared/data"): FolderDependency => {
  const absolute = resolve(root, path)
  const recordings = resolve(absolute, "recordings")
  const available = existsSync(recordings) && readdirSync(recordings).length > 0
  const why = available
    ? ""
    : "no recorded market data in the folder ARBEDGE_DATA names; set it to a folder that has one"
  return { name: "recorded market data", path: absolute, available, why }
}
