/**
 * An S3-compatible server of a test's own, with an empty bucket, and the archive in it; and one that fails on purpose.
 *
 * Out: layers; both servers end with their scope. Promises: ports are free ones; the server
 * knows one access key, but does not check signatures of version 4.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { createRequire } from "node:module"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer, Redacted } from "effect"
import * as S3Archive from "../../src/layers/archive/S3Archive.ts"

interface S3Server {
  readonly run: () => Promise<AddressInfo>
  readonly close: () => Promise<void>
  readonly httpServer: Server
}

interface S3ServerClass {
  new (options: {
    readonly port: number
    readonly address: string
    readonly silent: boolean
    readonly directory: string
    readonly configureBuckets: ReadonlyArray<{ readonly name: string }>
  }): S3Server
}

const BUCKET = "archive"
/** The least that S3 takes. */
export const PIECE_BYTES = 5 * 1024 * 1024
/** What must stand in no error. */
export const SECRET = "S3RVER-secret"
const isClass = (value: unknown): value is S3ServerClass => typeof value === "function"

/** Out: its address. */
export const s3Server = Effect.acquireRelease(
  Effect.promise(async () => {
    const S3rver: unknown = createRequire(import.meta.url)("s3rver")
    if (!isClass(S3rver)) throw new Error("s3rver exports no class")
    const directory = mkdtempSync(join(tmpdir(), "arbedge-s3-"))
    const options = { port: 0, address: "127.0.0.1", silent: true, directory, configureBuckets: [{ name: BUCKET }] }
    const server = new S3rver(options)
    const { port } = await server.run()
    return { server, directory, endpoint: `http://127.0.0.1:${port}` }
  }),
  ({ directory, server }) =>
    Effect.promise(async () => {
      // It would wait for connections that clients keep open, on Deno for 90 s.
      const closed = server.close()
      server.httpServer.closeAllConnections()
      await closed
      rmSync(directory, { recursive: true, force: true })
    }),
)

export const archiveAt = (endpoint: string, accessKeyId = "S3RVER") =>
  S3Archive.layer({
    bucketUrl: `${endpoint}/${BUCKET}`,
    region: "us-east-1",
    accessKeyId,
    secretAccessKey: Redacted.make(SECRET),
    pieceBytes: PIECE_BYTES,
  })

/** An archive in a new bucket of a new server. */
export const s3Archive = () => Layer.unwrap(Effect.map(s3Server, ({ endpoint }) => archiveAt(endpoint)))

const HOP_BY_HOP: ReadonlySet<string> = new Set(["connection", "content-length", "host"])

/** Before a real server: answers the first requests with these statuses, -1 by hanging up; then hands on to it. */
export const faultyS3 = (statuses: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const { endpoint } = yield* s3Server
    const left = [...statuses]
    let asked = 0
    const proxy = yield* Effect.acquireRelease(
      Effect.promise(() =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer((request, response) => {
            asked++
            const chunks: Array<Uint8Array> = []
            request.on("data", (chunk: Uint8Array) => chunks.push(chunk)).on("end", () => {
              const status = left.shift()
              if (status === -1) return void request.socket.destroy()
              if (status !== undefined) {
                response.writeHead(status)
                return void response.end("<Error><Code>SlowDown</Code><Message>Reduce your rate.</Message></Error>")
              }
              const headers = new Headers()
              for (const [name, value] of Object.entries(request.headers)) {
                if (typeof value === "string" && !HOP_BY_HOP.has(name)) headers.set(name, value)
              }
              const body = request.method === "GET" || chunks.length === 0 ? null : Buffer.concat(chunks)
              fetch(`${endpoint}${request.url ?? ""}`, { method: request.method ?? "GET", headers, body }).then(
                async (answer) => {
                  response.writeHead(answer.status, { etag: answer.headers.get("etag") ?? "" })
                  response.end(new Uint8Array(await answer.arrayBuffer()))
                },
                () => response.destroy(),
              )
            })
          })
          server.listen(0, "127.0.0.1", () => resolve(server))
        })
      ),
      (server) =>
        Effect.sync(() => {
          server.closeAllConnections()
          server.close()
        }),
    )
    const address = proxy.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    return { endpoint: `http://127.0.0.1:${port}`, asked: () => asked }
  })
