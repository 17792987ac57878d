/**
 * What a Bot API call ends with: a result, or a refusal in Telegram's own words.
 * Comes in: reasons found by the methods. Goes out: `Result<_, Refusal>` and the JSON body Telegram would answer.
 * Promises: every description is the text the real server sends, so that code which reads them is tested for real.
 */
import { Result } from "effect"

/** What Telegram adds to some refusals: seconds to wait, or the id a group has moved to. */
export interface RefusalParameters {
  readonly retry_after?: number
  readonly migrate_to_chat_id?: number
}

export interface Refusal {
  readonly errorCode: number
  readonly description: string
  readonly parameters?: RefusalParameters
}

/** The end of one call, as methods return it. */
export type Answer<A = unknown> = Result.Result<A, Refusal>

export const refusal = (errorCode: number, description: string, parameters?: RefusalParameters): Refusal =>
  parameters === undefined ? { errorCode, description } : { errorCode, description, parameters }

export const refuse = (
  errorCode: number,
  description: string,
  parameters?: RefusalParameters,
): Result.Result<never, Refusal> => Result.fail(refusal(errorCode, description, parameters))

export const badRequest = (what: string, parameters?: RefusalParameters) =>
  refuse(400, `Bad Request: ${what}`, parameters)

export const forbidden = (what: string) => refuse(403, `Forbidden: ${what}`)

export const conflict = (what: string) => refuse(409, `Conflict: ${what}`)

/** 429: `retryAfterSeconds` is a whole number of seconds, at least 1. */
export const tooManyRequests = (retryAfterSeconds: number): Refusal =>
  refusal(429, `Too Many Requests: retry after ${retryAfterSeconds}`, { retry_after: retryAfterSeconds })

/** The JSON object that answers a call. */
export const toBody = (answer: Answer): Readonly<Record<string, unknown>> =>
  Result.isSuccess(answer) ? { ok: true, result: answer.success } : {
    ok: false,
    error_code: answer.failure.errorCode,
    description: answer.failure.description,
    ...(answer.failure.parameters === undefined ? {} : { parameters: answer.failure.parameters }),
  }
