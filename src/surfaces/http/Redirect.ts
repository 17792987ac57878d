/**
 * `GET /r/<token>`: a click is recorded and the reader led to the venue's page.
 *
 * In: tokens of `layers/ClickLinks.ts`. Out: 302 to a page of `domain/VenuePages.ts`; 404 for what was not made here, 410
 * for what has expired. Promises: no request leads anywhere else; a click counts once however often the link is
 * followed; a store that does not answer costs the count, never the way. Nothing of the reader is stored but the time.
 */
import { Clock, Effect, type Layer, Option } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { targetOf } from "../../domain/ClickLink.ts"
import { ClickLinks, MAX_TOKEN_LENGTH } from "../../layers/ClickLinks.ts"
import { Receipts } from "../../layers/Receipts.ts"

/** How long the way may wait for the count. */
const PATIENCE = "500 millis"

/** Nothing of it is to be kept by browsers or passed on to the venue. */
const headers = { "cache-control": "no-store", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff" }

const refuse = (status: number, why: string) => HttpServerResponse.text(why, { status, headers })

const follow = Effect.fn("Redirect.follow")(function* (token: string) {
  const links = yield* ClickLinks, receipts = yield* Receipts
  const link = links.read(token)
  const nowMs = yield* Clock.currentTimeMillis
  if (Option.isNone(link)) return refuse(404, "This link was not made by ArbEdge.")
  const target = targetOf(link.value)
  if (nowMs >= link.value.expiresAt || target === null) return refuse(410, "This link has expired.")
  yield* receipts.record(link.value, "clicked", nowMs).pipe(
    Effect.timeoutOption(PATIENCE),
    Effect.catch((error) => Effect.logWarning("a click was not recorded", error.message)),
  )
  return HttpServerResponse.empty({ status: 302, headers: { ...headers, location: target } })
})

/** What the server's router needs for it: tokens are longer than other parts of paths. */
export const ROUTER_CONFIG = { maxParamLength: MAX_TOKEN_LENGTH }

/** Adds the route to the router. */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | Receipts> = HttpRouter.use((
  router,
) =>
  Effect.gen(function* () {
    const services = yield* Effect.context<Receipts>()
    yield* router.add(
      "GET",
      "/r/:token",
      Effect.flatMap(HttpRouter.params, ({ token = "" }) => follow(token)).pipe(Effect.provide(services)),
    )
  })
)
