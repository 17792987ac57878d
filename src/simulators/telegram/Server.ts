/**
 * The emulator's HTTP face: a server on TCP, and the same handler as a `fetch` without TCP.
 * Comes in: HTTP requests in JSON, urlencoded or multipart form, or with a query only. Goes out: Telegram's replies.
 * Promises: nothing is decided here; a dropped call destroys the connection (TCP) or rejects like a failed fetch.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { toServerResponse } from "@effect/platform-node/NodeHttpServerRequest"
import { Effect, Result } from "effect"
import { HttpEffect, HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"
import { call, refusedReply, type Reply, route } from "./Api.ts"
import { refusal } from "./Outcome.ts"
import * as Params from "./Params.ts"
import type { World } from "./World.ts"

type Request = HttpServerRequest.HttpServerRequest
type Drop = (request: Request) => Effect.Effect<HttpServerResponse.HttpServerResponse>

/** The part of `fetch` that Bot API clients use. */
export type Fetch = (input: string | URL | globalThis.Request, init?: RequestInit) => Promise<Response>

const droppedHeader = "x-emulator-dropped"

const reply = (world: World, request: Request): Effect.Effect<Reply> =>
  Effect.gen(function* () {
    const url = new URL(request.url, "http://telegram")
    const method = route(world, url.pathname)
    if (Result.isFailure(method)) return refusedReply(method.failure)
    const bytes = yield* Effect.mapError(request.arrayBuffer, () => refusal(413, "Request Entity Too Large"))
    const params = yield* Params.read(url.searchParams, request.headers["content-type"] ?? "", bytes)
    return yield* call(world, method.success, params)
  }).pipe(Effect.catch((refused) => Effect.succeed(refusedReply(refused))))

/** A bare handler runs uninterruptibly; a long poll must end when its client leaves or the server stops. */
const app = (world: World, drop: Drop) =>
  Effect.interruptible(Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const answered = yield* reply(world, request)
    switch (answered._tag) {
      case "json":
        return HttpServerResponse.jsonUnsafe(answered.body, { status: answered.status })
      case "html":
        return HttpServerResponse.text(answered.html, { status: answered.status, contentType: "text/html" })
      case "dropped":
        return yield* drop(request)
    }
  }))

/** Serves on 127.0.0.1 for as long as the scope lives; port 0 takes a free one. Answers the base address. */
export const serve = (world: World, port: number) =>
  Effect.gen(function* () {
    const node = createServer()
    const server = yield* NodeHttpServer.make(() => node, { port, host: "127.0.0.1" })
    // The response that follows is written to a connection that is gone already.
    const drop: Drop = (request) =>
      Effect.sync(() => {
        toServerResponse(request).destroy()
        return HttpServerResponse.empty()
      })
    yield* server.serve(app(world, drop))
    // Clients keep connections open; without this the server would wait for them when it stops.
    yield* Effect.addFinalizer(() => Effect.sync(() => node.closeAllConnections()))
    return HttpServer.formatAddress(server.address)
  })

/** The same handler for a client in this process; `init.signal` may be any object with the shape of an AbortSignal. */
export const makeFetch = (world: World): Effect.Effect<Fetch> =>
  Effect.map(Effect.context<never>(), (context) => {
    const dropped = HttpServerResponse.empty({ headers: { [droppedHeader]: "1" } })
    const handler = HttpEffect.toWebHandlerWith<never, Request>(context)(app(world, () => Effect.succeed(dropped)))
    return async (input, init) => {
      const { signal, ...rest } = init ?? {}
      // Clients bring abort signals of their own making, which Request refuses: pass the event on instead.
      const abort = new AbortController()
      const { promise: aborted, reject } = Promise.withResolvers<never>()
      const onAbort = () => {
        abort.abort()
        reject(new DOMException("The operation was aborted.", "AbortError"))
      }
      if (signal?.aborted === true) onAbort()
      else signal?.addEventListener("abort", onAbort, { once: true })
      const answered = handler(new globalThis.Request(input, { ...rest, signal: abort.signal }))
      const response = await Promise.race([answered, aborted])
        .finally(() => signal?.removeEventListener("abort", onAbort))
      if (response.headers.has(droppedHeader)) throw new TypeError("fetch failed: the connection was dropped")
      return response
    }
  })
