/**
 * As much of a NATS server as says that it is of another version than the one at hand, and what is published to it.
 *
 * In: the version that it claims. Out: its URL, and every message it was sent. Promises: answers the stream API and
 * acknowledges what has a reply subject; stores and delivers nothing else.
 */
import { createServer, type Socket } from "node:net"
import { Effect } from "effect"

export interface Published {
  readonly subject: string
  /** Lines, without the version line; empty: it had none. */
  readonly headers: string
  readonly data: string
}

const serve = (socket: Socket, version: string, published: Array<Published>): void => {
  let buffer = Buffer.alloc(0), replies = 0
  const sids = new Map<string, string>()
  const info = { server_id: "S", version, proto: 1, headers: true, jetstream: true, max_payload: 1_048_576 }
  socket.write(`INFO ${JSON.stringify(info)}\r\n`)
  const reply = (to: string, body: unknown) => {
    const [, sid = "0"] =
      [...sids].find(([pattern]) => pattern === to || (/[*>]$/.test(pattern) && to.startsWith(pattern.slice(0, -1)))) ??
        []
    const text = JSON.stringify(body)
    socket.write(`MSG ${to} ${sid} ${Buffer.byteLength(text)}\r\n${text}\r\n`)
  }
  const message = (subject: string, to: string | undefined, headers: string, data: string) => {
    published.push({ subject, headers, data })
    if (to === undefined) return
    reply(
      to,
      subject.startsWith("$JS.API") ? { config: JSON.parse(data || "{}"), state: {} } : { stream: "S", seq: ++replies },
    )
  }
  /** False: more bytes are needed. */
  const one = (): boolean => {
    const end = buffer.indexOf("\r\n")
    if (end < 0) return false
    const [verb = "", ...words] = buffer.subarray(0, end).toString().split(" ")
    const isPublish = verb === "PUB" || verb === "HPUB"
    const size = isPublish ? Number(words.at(-1)) : 0
    const next = end + 2 + (isPublish ? size + 2 : 0)
    if (buffer.length < next) return false
    const body = buffer.subarray(end + 2, end + 2 + size)
    buffer = buffer.subarray(next)
    if (verb === "PING") socket.write("PONG\r\n")
    if (verb === "SUB") sids.set(words[0] ?? "", words.at(-1) ?? "")
    if (!isPublish) return true
    const head = verb === "HPUB" ? Number(words.at(-2)) : 0
    const to = words.length === (verb === "HPUB" ? 4 : 3) ? words[1] : undefined
    message(words[0] ?? "", to, body.subarray(0, head).toString(), body.subarray(head).toString())
    return true
  }
  socket.on("data", (chunk) => {
    buffer = Buffer.concat([buffer, chunk])
    while (one());
  })
  socket.on("error", () => socket.destroy())
}

export const scriptedNats = (version: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const published: Array<Published> = [], sockets = new Set<Socket>()
      const server = createServer((socket) => {
        sockets.add(socket)
        serve(socket, version, published)
      })
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      const close = () => {
        for (const socket of sockets) socket.destroy()
        server.close()
      }
      return { url: `nats://127.0.0.1:${port}`, published, close }
    }),
    ({ close }) => Effect.sync(close),
  )
