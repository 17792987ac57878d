/**
 * `/unsubscribe/<token>`: a mail's reader wants no more of them.
 *
 * In: tokens of `layers/Unsubscribing.ts`. Out: GET asks by a page with one button, since mail servers follow links by
 * themselves; POST (that button, and a mail program's one click of RFC 8058) ends the address. 404 for what was not made
 * here. Promises: nothing of the reader or the address is shown; a second click says the same as the first.
 */
import { Clock, Effect, type Layer, Option } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { Unsubscribing } from "../../layers/Unsubscribing.ts"
import { UserChannels } from "../../layers/UserChannels.ts"

const headers = {
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
}

const page = (status: number, body: string) =>
  HttpServerResponse.text(
    `<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
      `<title>ArbEdge</title></head><body style="font-family:sans-serif;margin:3em">${body}</body></html>`,
    { status, headers, contentType: "text/html; charset=utf-8" },
  )

const stranger = page(404, "<p>This link was not made by ArbEdge.<br>Эта ссылка создана не ArbEdge.</p>")

const ask = page(
  200,
  `<form method="post"><p>Stop the mails of ArbEdge to this address?<br>Больше не присылать письма ArbEdge на этот адрес?</p>` +
    `<button type="submit">Stop / Не присылать</button></form>`,
)

const done = page(200, "<p>Done: no more mails will come.<br>Готово: писем больше не будет.</p>")
const trouble = page(503, "<p>Please try again in a minute.<br>Попробуйте ещё раз через минуту.</p>")

const end = Effect.fn("Unsubscribe.end")(function* (token: string) {
  const links = yield* Unsubscribing, channels = yield* UserChannels
  const channelId = links.read(token)
  if (Option.isNone(channelId)) return stranger
  yield* channels.endById(channelId.value, "unsubscribed", yield* Clock.currentTimeMillis)
  return done
})

const token = Effect.map(HttpRouter.params, ({ token = "" }) => token)

/** Adds the routes to the router. */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | UserChannels> = HttpRouter.use((router) =>
  Effect.gen(function* () {
    const services = yield* Effect.context<UserChannels>()
    const links = yield* Unsubscribing
    yield* router.add(
      "GET",
      "/unsubscribe/:token",
      Effect.map(token, (each) => Option.isNone(links.read(each)) ? stranger : ask),
    )
    yield* router.add(
      "POST",
      "/unsubscribe/:token",
      Effect.flatMap(token, end).pipe(
        Effect.catchTag(
          "StoreError",
          (error) => Effect.as(Effect.logWarning("an address was not ended", error.message), trouble),
        ),
        Effect.provideService(Unsubscribing, links),
        Effect.provide(services),
      ),
    )
  })
)
