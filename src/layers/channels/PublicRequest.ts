/**
 * One HTTP request to an address that a user gave: to the public internet and nowhere else.
 *
 * In: a URL, headers, a body. Out: status, headers and the beginning of the answer, or why there is none. Promises: https
 * only; the name is looked up once, every address it has must be public, and the connection goes to one that was checked
 * (a name that answers differently the next time changes nothing); redirects are not followed; it ends within
 * `TIMEOUT`, and no more than `ANSWER_BYTES` are read. `allowLocal` lifts the first two, for tests and a developer's own
 * machine.
 */
import { Effect, Schema } from "effect"
import ipaddr from "ipaddr.js"
import { Buffer } from "node:buffer"
import { lookup } from "node:dns/promises"
import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http"
import { request as httpsRequest } from "node:https"

export const TIMEOUT = "10 seconds"
const ANSWER_BYTES = 64 * 1024

/** `forbidden`: not asked at all. `not_sent`: surely not received. `no_answer`: it may have been received. */
export class RequestFault extends Schema.TaggedError<RequestFault>()("RequestFault", {
  kind: Schema.Literals(["forbidden", "not_sent", "no_answer"]),
  detail: Schema.String,
}) {
  override get message(): string {
    return `${this.kind}: ${this.detail}`
  }
}

export interface Answer {
  readonly status: number
  /** In seconds or as a date, as it was said. */
  readonly retryAfter: string | null
  readonly body: string
}

export interface Options {
  readonly allowLocal: boolean
  /** All addresses of a name. Default: the system's. */
  readonly resolve?: (name: string) => Promise<ReadonlyArray<string>>
}

export interface Request {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/** Public by its range, and still somebody's own network: the platform service of Azure's machines. */
const OWN_NETWORK: ReadonlySet<string> = new Set(["168.63.129.16"])

/** Whether an address is anybody's on the internet: neither private nor local nor reserved, in either family. */
export const isPublic = (address: string): boolean => {
  if (!ipaddr.isValid(address)) return false
  // An IPv4 address in IPv6's clothes is judged by what it is.
  const parsed = ipaddr.process(address)
  return parsed.range() === "unicast" && !OWN_NETWORK.has(parsed.toString())
}

const forbidden = (detail: string) => new RequestFault({ kind: "forbidden", detail })

const BEFORE_SENDING =
  /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|CERT_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+|ERR_TLS_\w+|ERR_SSL_\w+)$/

const faultOf = (error: Error): RequestFault => {
  const code = "code" in error && typeof error.code === "string" ? error.code : ""
  const early = BEFORE_SENDING.test(code) || /certificate|Connection refused|tls handshake/i.test(error.message)
  return new RequestFault({ kind: early ? "not_sent" : "no_answer", detail: code === "" ? "connection lost" : code })
}

const parse = (url: string, { allowLocal }: Options): Effect.Effect<URL, RequestFault> => {
  if (!URL.canParse(url)) return forbidden("not a URL")
  const parsed = new URL(url)
  const secure = parsed.protocol === "https:" || (allowLocal && parsed.protocol === "http:")
  if (!secure) return forbidden("only https is used")
  return parsed.username === "" && parsed.password === ""
    ? Effect.succeed(parsed)
    : forbidden("a URL with a user name or a password")
}

/** The address to connect to: of those that the name has now, none of which may lead inside. */
const checked = (hostname: string, options: Options): Effect.Effect<string, RequestFault> =>
  Effect.gen(function* () {
    const name = hostname.replace(/^\[|\]$/g, "")
    const resolve = options.resolve ??
      (async (host: string) => (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address))
    const addresses = ipaddr.isValid(name) ? [name] : yield* Effect.tryPromise({
      try: () => resolve(name),
      catch: () => new RequestFault({ kind: "not_sent", detail: "the name has no address" }),
    })
    const [first] = addresses
    if (first === undefined) {
      return yield* new RequestFault({ kind: "not_sent", detail: "the name has no address" })
    }
    if (!options.allowLocal && !addresses.every(isPublic)) {
      return yield* forbidden("the address is not on the public internet")
    }
    return first
  })

const headerOf = (message: IncomingMessage, name: string): string | null => {
  const value = message.headers[name]
  return value === undefined ? null : Array.isArray(value) ? value[0] ?? null : value
}

const sent = (url: URL, address: string, { body, headers }: Request): Effect.Effect<Answer, RequestFault> =>
  Effect.callback<Answer, RequestFault>((resume) => {
    const bytes = Buffer.from(body)
    const name = url.hostname.replace(/^\[|\]$/g, "")
    const options = {
      host: address,
      port: url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port),
      method: "POST",
      path: `${url.pathname}${url.search}`,
      headers: { ...headers, host: url.host, "content-length": `${bytes.length}`, connection: "close" },
      agent: false as const,
      ...(ipaddr.isValid(name) ? {} : { servername: name }),
    }
    const onAnswer = (message: IncomingMessage) => {
      const chunks: Array<Buffer> = []
      let size = 0
      const done = () =>
        resume(Effect.succeed({
          status: message.statusCode ?? 0,
          retryAfter: headerOf(message, "retry-after"),
          body: Buffer.concat(chunks).subarray(0, ANSWER_BYTES).toString("utf8"),
        }))
      message.on("data", (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size < ANSWER_BYTES) return
        done()
        message.destroy()
      })
      message.on("end", done)
      // What was said before the connection broke is an answer: the status is known.
      message.on("error", done)
    }
    const call: ClientRequest = url.protocol === "https:"
      ? httpsRequest(options, onAnswer)
      : httpRequest(options, onAnswer)
    call.on("error", (error: Error) => resume(Effect.fail(faultOf(error))))
    call.end(bytes)
    return Effect.sync(() => call.destroy())
  })

export const post = (request: Request, options: Options): Effect.Effect<Answer, RequestFault> =>
  Effect.gen(function* () {
    const url = yield* parse(request.url, options)
    const address = yield* checked(url.hostname, options)
    return yield* sent(url, address, request)
  }).pipe(
    Effect.timeoutOrElse({
      duration: TIMEOUT,
      orElse: () => Effect.fail(new RequestFault({ kind: "no_answer", detail: `no answer within ${TIMEOUT}` })),
    }),
    Effect.withSpan("PublicRequest.post", { kind: "client" }),
  )
