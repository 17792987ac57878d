/**
 * The route on which Telegram posts updates.
 *
 * In: POST requests with the secret header. Out: 200 once the update is recorded; it is handled after the answer. 401
 * for a missing or wrong secret (compared in constant time, before anything is read), 413 over 1 MB (not read further),
 * 400 for what is no update, 503 when it could not be recorded: Telegram posts it again. Promises: no request ends the
 * process or reaches the bot unchecked.
 */
import { Effect, Layer, Option, Redacted, Schema } from "effect"
import { HttpIncomingMessage, HttpRouter, type HttpServerRequest, HttpServerResponse } from "effect/http"
import { createHash, timingSafeEqual } from "node:crypto"
import * as ByteSize from "effect/ByteSize"
import { KINDS, read } from "../bot/Incoming.ts"
import { Updates } from "../bot/Updates.ts"
import { Telegram } from "../../layers/Telegram.ts"

export interface WebhookOptions {
  /** Such as "/telegram/webhook". */
  readonly path: HttpRouter.PathInput
  /** 1-256 characters of A-Z, a-z, 0-9, _ and -, as Telegram takes it. */
  readonly secret: Redacted.Redacted
}

export const MAX_BODY_BYTES = 1_000_000
const SECRET_HEADER = "x-telegram-bot-api-secret-token"

const sha256 = (text: string): Uint8Array => createHash("sha256").update(text).digest()

/** Hashing makes the lengths equal, so that neither length nor content shows in the time. */
const isSecret = (given: string | undefined, secret: Redacted.Redacted): boolean =>
  timingSafeEqual(sha256(given ?? ""), sha256(Redacted.value(secret))) && given !== undefined

/** The connection is closed where the body was not read to its end: there is nothing else to do with the rest. */
const refuse = (status: number, why: string, close = false) =>
  HttpServerResponse.jsonUnsafe({ error: why }, { status, headers: close ? { connection: "close" } : {} })

const decodeJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

const body = (request: HttpServerRequest.HttpServerRequest) =>
  request.text.pipe(
    Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.fromInputUnsafe(MAX_BODY_BYTES)),
    Effect.option,
  )

const handle = (options: WebhookOptions) => (request: HttpServerRequest.HttpServerRequest) =>
  Effect.gen(function* () {
    if (!isSecret(request.headers[SECRET_HEADER], options.secret)) return refuse(401, "wrong secret", true)
    if (Number(request.headers["content-length"] ?? 0) > MAX_BODY_BYTES) return refuse(413, "too large", true)
    const text = yield* body(request)
    if (Option.isNone(text)) return refuse(413, "too large", true)
    const json = decodeJson(text.value)
    if (Option.isNone(json)) return refuse(400, "malformed JSON")
    const update = read(json.value)
    if (Option.isNone(update)) return refuse(400, "not an update")
    const updates = yield* Updates
    const receipt = yield* updates.receive(update.value).pipe(
      Effect.tapError((error) => Effect.logWarning("an update could not be recorded", error)),
      Effect.catch((error) => Effect.succeed(error.retryable ? "busy" as const : "unstorable" as const)),
    )
    if (receipt === "unstorable") return refuse(400, "cannot be stored")
    return receipt === "busy" ? refuse(503, "busy") : HttpServerResponse.empty({ status: 200 })
  })

/** Adds the route to the router. */
export const layer = (options: WebhookOptions): Layer.Layer<never, never, HttpRouter.HttpRouter | Updates> =>
  HttpRouter.use((router) =>
    Effect.gen(function* () {
      const updates = yield* Updates
      const handler = handle(options)
      yield* router.add("POST", options.path, (request) => Effect.provideService(handler(request), Updates, updates))
    })
  )

/** Tells Telegram to post to `url` from now on. */
export const register = (url: string, secret: Redacted.Redacted) =>
  Telegram.use((telegram) => telegram.setWebhook({ url, secret, kinds: KINDS }))
