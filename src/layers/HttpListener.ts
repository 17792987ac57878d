/**
 * A listening HTTP server that never waits for a client when it ends.
 *
 * In: a host and a port (0 takes a free one). Out: the server, for as long as the scope lives. Promises: at the end
 * requests under way are interrupted and all connections cut: whoever asked asks again. Waiting for them first, as is
 * the default, waits for kept-alive ones too, on Deno up to the 90 s of a client's pool.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Layer, type Scope } from "effect"
import { HttpServer, type HttpServerError } from "effect/http"
import { createServer } from "node:http"

export interface HttpListenerOptions {
  readonly host: string
  readonly port: number
}

export const make = Effect.fnUntraced(function* (
  options: HttpListenerOptions,
): Effect.fn.Return<HttpServer.HttpServer["Service"], HttpServerError.ServeError, Scope.Scope> {
  const node = createServer()
  const server = yield* NodeHttpServer.make(() => node, { ...options, disablePreemptiveShutdown: true })
  yield* Effect.addFinalizer(() => Effect.sync(() => node.closeAllConnections()))
  return server
})

export const layer = (options: HttpListenerOptions): Layer.Layer<HttpServer.HttpServer, HttpServerError.ServeError> =>
  Layer.effect(HttpServer.HttpServer, make(options))
