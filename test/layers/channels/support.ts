/**
 * Servers of users' own, for channels' tests.
 *
 * In: how to answer. Out: where it stands, and every request it got. Promises: it ends with the scope, waiting for nobody.
 */
import { Effect } from "effect"
import type { IncomingHttpHeaders } from "node:http"
import { Buffer } from "node:buffer"
import type { NoticeMessage, Notification } from "../../../src/layers/Notifier.ts"
import { someOpportunity, t0 } from "../../suites/StoreWorld.ts"
import { answering } from "../telegram/support.ts"

export interface Got {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Said {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** Answers what `say` makes of each request. */
export const receiver = Effect.fnUntraced(function* (say: (got: Got) => Said) {
  const requests: Array<Got> = []
  const { url } = yield* answering((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const got = { path: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks) }
      requests.push(got)
      const { body = "", headers = {}, status } = say(got)
      response.writeHead(status, headers)
      response.end(body)
    })
  })
  return { url, requests }
})

/** A notification of row 7 to a user's own address. */
export const someNotification = (channel: "webhook" | "email" | "web_push"): Notification => ({
  chatId: "100",
  opportunity: someOpportunity({ asset: "<b>BTC" }),
  language: "en",
  nowMs: t0,
  way: { channel, userId: "u1", id: 7 },
})

/** A notice of row 8, the same way. */
export const someNotice = (channel: "webhook" | "email" | "web_push"): NoticeMessage => ({
  chatId: "100",
  notice: { about: "tier_changed", from: "free", to: "pro" },
  html: "🎫 <b>Your plan is pro now</b>\nIt was free &amp; small.",
  language: "en",
  priority: "medium",
  expiresAt: t0 + 60_000,
  way: { channel, userId: "u1", id: 8 },
})
