/**
 * Posts updates to the bot's webhook, as Telegram does.
 * Comes in: the world's pending updates and webhook. Goes out: one POST an update, with the secret header.
 * Promises: an update stays pending until a 2xx; otherwise it is posted again after 1, 2, 4 ... 60 s. Updates of one
 * chat go one after the other, of different chats at once, up to max_connections. The reply's body is not executed.
 */
import { Clock, Effect, FiberSet } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { inspect } from "node:util"
import type { Pending } from "./Updates.ts"
import type { WebhookState, World } from "./World.ts"

const firstBackoffMs = 1_000
const maxBackoffMs = 60_000
const readTimeoutMs = 60_000

const statusNames: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  413: "Request Entity Too Large",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
}

/** Posts once; answers null, or what getWebhookInfo will call the error. */
const post = (webhook: WebhookState, { update }: Pending) =>
  HttpClientRequest.post(webhook.url).pipe(
    webhook.secretToken === ""
      ? (request) => request
      : HttpClientRequest.setHeader("x-telegram-bot-api-secret-token", webhook.secretToken),
    HttpClientRequest.bodyJsonUnsafe(update),
    HttpClient.execute,
    Effect.tap((response) => Effect.ignore(response.arrayBuffer)),
    Effect.map(({ status }) =>
      status >= 200 && status < 300
        ? null
        : `Wrong response from the webhook: ${status} ${statusNames[status] ?? ""}`.trim()
    ),
    Effect.catch((error) =>
      Effect.succeed(/refused/i.test(inspect(error, { depth: 6 })) ? "Connection refused" : "Connection failed")
    ),
    Effect.timeoutOrElse({ duration: readTimeoutMs, orElse: () => Effect.succeed("Read timeout expired") }),
  )

/** Ends when the webhook is another one, or none. */
const replaced = (world: World, webhook: WebhookState): Effect.Effect<void> =>
  Effect.suspend(() => {
    const changed = world.updates.changed.next()
    return world.webhook === webhook ? Effect.andThen(changed, replaced(world, webhook)) : Effect.void
  })

const deliver = (world: World, webhook: WebhookState, pending: Pending) =>
  Effect.gen(function* () {
    for (let backoffMs = firstBackoffMs; world.webhook === webhook; backoffMs = Math.min(backoffMs * 2, maxBackoffMs)) {
      const problem = yield* post(webhook, pending)
      if (problem === null) {
        world.updates.pending = world.updates.pending.filter((each) => each !== pending)
        return
      }
      webhook.lastErrorMs = yield* Clock.currentTimeMillis
      webhook.lastErrorMessage = problem
      yield* Effect.raceFirst(Effect.sleep(backoffMs), replaced(world, webhook))
    }
  })

/** The first update of each lane that is free, as many as may still be posted at once. */
const ready = (world: World, webhook: WebhookState, busy: ReadonlySet<string>): ReadonlyArray<Pending> => {
  const first = new Map<string, Pending>()
  for (const pending of world.updates.pending) {
    if (first.size + busy.size >= webhook.maxConnections) break
    if (!busy.has(pending.lane) && !first.has(pending.lane)) first.set(pending.lane, pending)
  }
  return [...first.values()]
}

/** Delivers for as long as its scope lives. */
export const run = (world: World) =>
  Effect.gen(function* () {
    const posts = yield* FiberSet.make<void>()
    const busy = new Set<string>()
    while (true) {
      const changed = world.updates.changed.next()
      const { webhook } = world
      const next = webhook === null ? [] : ready(world, webhook, busy).map((pending) => ({ pending, webhook }))
      for (const { pending, webhook } of next) {
        busy.add(pending.lane)
        const freed = Effect.sync(() => {
          busy.delete(pending.lane)
          world.updates.changed.notify()
        })
        yield* FiberSet.run(posts, Effect.ensuring(deliver(world, webhook, pending), freed))
      }
      yield* changed
    }
  })
