/**
 * One Bot API call from end to end: its fault, its execution, its log entry, its reply.
 * Comes in: a path, parameters and the world. Goes out: the reply a client would see, which may be no reply at all.
 * Promises: time is Effect's Clock, read once when the call is executed; a call is in the log before its reply leaves.
 */
import { Clock, Effect, Result } from "effect"
import type { Call, LoggedOutcome } from "./CallLog.ts"
import * as CallLog from "./CallLog.ts"
import { strike, type Trouble } from "./Faults.ts"
import { hold } from "./Limits.ts"
import { find } from "./Methods.ts"
import { type Answer, conflict, type Refusal, refuse, toBody, tooManyRequests } from "./Outcome.ts"
import { integer, isRecord, type Params, text } from "./Params.ts"
import { wait } from "./Signal.ts"
import * as Updates from "./Updates.ts"
import type { World } from "./World.ts"

export type Reply =
  | { readonly _tag: "json"; readonly status: number; readonly body: Readonly<Record<string, unknown>> }
  | { readonly _tag: "html"; readonly status: number; readonly html: string }
  /** The connection drops without an answer. */
  | { readonly _tag: "dropped" }

const toReply = (answer: Answer): Reply => ({
  _tag: "json",
  status: Result.isSuccess(answer) ? 200 : answer.failure.errorCode,
  body: toBody(answer),
})

export const refusedReply = (refused: Refusal): Reply => toReply(Result.fail(refused))

const toOutcome = (answer: Answer): LoggedOutcome => {
  if (Result.isSuccess(answer)) return { ok: true }
  const { errorCode, description, parameters } = answer.failure
  return { ok: false, error_code: errorCode, description, ...(parameters === undefined ? {} : { parameters }) }
}

const sentMessageId = (answer: Answer): number | null =>
  Result.isSuccess(answer) && isRecord(answer.success) ? integer(answer.success, "message_id") : null

const record = (world: World, method: string, params: Params, at: number, answer: Answer, trouble: Trouble | null) => {
  const call: Call = {
    at,
    method,
    chatId: integer(params, "chat_id"),
    messageId: sentMessageId(answer) ?? integer(params, "message_id"),
    text: params["text"] === undefined ? null : text(params, "text"),
    replyMarkup: params["reply_markup"] ?? null,
    params,
    outcome: toOutcome(answer),
    ...(trouble === null ? {} : { fault: trouble._tag }),
  }
  CallLog.append(world.log, call)
}

const maxPollSeconds = 50

/** Answers at once if there are updates; otherwise waits for one, for its time to pass, or for another to take over. */
const getUpdates = (world: World, params: Params): Effect.Effect<Answer> =>
  Effect.gen(function* () {
    if (world.webhook !== null) {
      return conflict(
        "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
      )
    }
    const { updates } = world
    const allowed = Updates.allow(updates, params)
    if (Result.isFailure(allowed)) return Result.fail(allowed.failure)
    const poll = ++updates.poll
    updates.changed.notify()
    const timeoutSeconds = Math.min(maxPollSeconds, Math.max(0, integer(params, "timeout") ?? 0))
    const untilMs = (yield* Clock.currentTimeMillis) + timeoutSeconds * 1_000
    while (true) {
      const nowMs = yield* Clock.currentTimeMillis
      const changed = updates.changed.next()
      if (world.webhook !== null) return conflict("terminated by setWebhook request")
      if (updates.poll !== poll) {
        return conflict("terminated by other getUpdates request; make sure that only one bot instance is running")
      }
      const taken = Updates.take(updates, params)
      if (taken.length > 0 || nowMs >= untilMs) return Result.succeed(taken)
      yield* wait(changed, untilMs - nowMs)
    }
  })

/** Executes a call and logs it in one step, so that a client that goes away cannot leave one without the other. */
const execute = (world: World, method: string, params: Params, trouble: Trouble | null): Effect.Effect<Answer> => {
  const logged = (at: number, answer: Answer): Answer => {
    record(world, method, params, at, answer, trouble)
    return answer
  }
  if (method.toLowerCase() === "getupdates") {
    return Effect.zipWith(getUpdates(world, params), Clock.currentTimeMillis, (answer, at) => logged(at, answer))
  }
  const found = find(method)
  return Effect.map(
    Clock.currentTimeMillis,
    (at) => logged(at, found === undefined ? refuse(404, "Not Found: method not found") : found(world, params, at)),
  )
}

/** What a trouble answers instead of executing the call; null if the call is executed. */
const refusedBy = (world: World, trouble: Trouble | null, chatId: number | null, nowMs: number): Answer | null => {
  switch (trouble?._tag) {
    case "status":
      return refuse(trouble.status, trouble.status >= 500 ? "Internal Server Error" : "Error")
    case "refuse":
      return refuse(trouble.errorCode, trouble.description, trouble.parameters)
    case "retryAfter":
      hold(world.limiter, chatId ?? "all", trouble.seconds, nowMs)
      return Result.fail(tooManyRequests(trouble.seconds))
    case "loseCall":
      return refuse(0, "connection dropped before the call was executed")
    default:
      return null
  }
}

const htmlPage = (status: number) =>
  `<html>\r\n<head><title>${status}</title></head>\r\n<body>\r\n<center><h1>${status}</h1></center>\r\n` +
  `<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`

const replyUnder = (trouble: Trouble | null, answer: Answer): Effect.Effect<Reply> => {
  switch (trouble?._tag) {
    case "status":
      return Effect.succeed(
        trouble.html === false
          ? toReply(answer)
          : { _tag: "html", status: trouble.status, html: htmlPage(trouble.status) },
      )
    case "loseReply":
    case "loseCall":
      return Effect.succeed({ _tag: "dropped" })
    case "slow":
      return Effect.delay(Effect.succeed(toReply(answer)), trouble.delayMs)
    default:
      return Effect.succeed(toReply(answer))
  }
}

/** Runs one call by its name; the token was checked before. */
export const call = (world: World, method: string, params: Params): Effect.Effect<Reply> =>
  Effect.gen(function* () {
    const chatId = integer(params, "chat_id")
    const trouble = strike(world.faults, method, chatId)
    const at = yield* Clock.currentTimeMillis
    const refused = refusedBy(world, trouble, chatId, at)
    if (refused !== null) record(world, method, params, at, refused, trouble)
    const answer = refused ?? (yield* execute(world, method, params, trouble))
    return yield* replyUnder(trouble, answer)
  })

/** Splits `/bot<token>/<method>` and answers 404 or 401 where Telegram does; `test/` is Telegram's test environment. */
export const route = (world: World, path: string): Answer<string> => {
  const match = /^\/bot([^/]+)\/(?:test\/)?([^/]+)$/.exec(path)
  const [token, method] = [match?.[1], match?.[2]]
  if (token === undefined || method === undefined) return refuse(404, "Not Found")
  return decodeToken(token) === world.options.token ? Result.succeed(method) : refuse(401, "Unauthorized")
}

const decodeToken = (token: string): string => token.replaceAll(/%3a/gi, ":")
