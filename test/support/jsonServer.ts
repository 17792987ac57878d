/**
 * A local HTTP server that answers what a test says.
 * In: a function from path to answer. Out: its address and every request it got, with headers. Promises: it lives as
 * long as the scope.
 */
import { Effect, type Scope } from "effect"
import { createServer, type IncomingHttpHeaders } from "node:http"

export interface JsonAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON; a text is sent as it is. */
  readonly body: unknown
}

export interface JsonServer {
  readonly origin: string
  readonly requests: ReadonlyArray<{ readonly path: string; readonly headers: IncomingHttpHeaders }>
}

/** `answer` may say null: the connection is cut. */
export const jsonServer = (
  answer: (path: string) => JsonAnswer | null,
): Effect.Effect<JsonServer, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(() => {
      const requests: Array<{ readonly path: string; readonly headers: IncomingHttpHeaders }> = []
      const server = createServer((request, response) => {
        const path = request.url ?? "/"
        requests.push({ path, headers: request.headers })
        const said = answer(path)
        if (said === null) return void request.socket.destroy()
        response.writeHead(said.status ?? 200, { "content-type": "application/json", ...said.headers })
        response.end(typeof said.body === "string" ? said.body : JSON.stringify(said.body))
      })
      const close = () =>
        new Promise<void>((done) => {
          server.closeAllConnections()
          server.close(() => done())
        })
      return new Promise<JsonServer & { readonly close: typeof close }>((ready, refuse) => {
        server.on("error", refuse)
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          const port = typeof address === "object" && address !== null ? address.port : 0
          ready({ origin: `http://127.0.0.1:${port}`, requests, close })
        })
      })
    }),
    ({ close }) => Effect.promise(close),
  )
