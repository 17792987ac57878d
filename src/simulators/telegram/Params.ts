/**
 * The parameters of one call, whichever way they were sent: query, JSON, urlencoded or multipart.
 * Comes in: the query string, content type and bytes of a request. Goes out: one flat record and lenient readers.
 * Promises: a value may be typed (JSON) or text (forms), as with Telegram; both read the same. Nothing here throws.
 */
import { Effect, Option, Predicate, Result, Schema } from "effect"
import { type Answer, badRequest, type Refusal, refusal } from "./Outcome.ts"

export type Params = Readonly<Record<string, unknown>>

const decodeJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  Predicate.isObject(value) && !Array.isArray(value)

const unreadable = refusal(400, "Bad Request: can't parse the request body")

/** A file as it was uploaded, taken as text. */
export interface UploadedFile {
  readonly fileName: string
  readonly content: string
}

const fromForm = (contentType: string, bytes: ArrayBuffer): Effect.Effect<Params, Refusal> =>
  Effect.tryPromise({
    try: async () => {
      const form = await new Response(bytes, { headers: { "content-type": contentType } }).formData()
      const params: Record<string, unknown> = {}
      for (const [name, value] of form.entries()) {
        params[name] = typeof value === "string" ? value : {
          fileName: value.name,
          content: await value.text(),
        } satisfies UploadedFile
      }
      return params
    },
    catch: () => unreadable,
  })

/** Reads a request's parameters; those of the body win over those of the query. */
export const read = (
  search: URLSearchParams,
  contentType: string,
  bytes: ArrayBuffer,
): Effect.Effect<Params, Refusal> => {
  const query = Object.fromEntries(search)
  if (bytes.byteLength === 0) return Effect.succeed(query)
  if (contentType.startsWith("application/json")) {
    const body = Option.getOrUndefined(decodeJson(new TextDecoder().decode(bytes)))
    return isRecord(body) ? Effect.succeed({ ...query, ...body }) : Effect.fail(unreadable)
  }
  if (contentType.startsWith("application/x-www-form-urlencoded") || contentType.startsWith("multipart/form-data")) {
    return Effect.map(fromForm(contentType, bytes), (form) => ({ ...query, ...form }))
  }
  return Effect.succeed(query)
}

/** Text of a parameter, "" when it is absent. */
export const text = (params: Params, name: string): string => {
  const value = params[name]
  return typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? `${value}` : ""
}

/** A whole number, or null when it is absent or is none. */
export const integer = (params: Params, name: string): number | null => {
  const written = text(params, name)
  return /^-?\d{1,15}$/.test(written) ? Number(written) : null
}

/** The file that a parameter names by `attach://NAME`, or is itself; null: there is none. */
export const file = (params: Params, name: string): UploadedFile | null => {
  const value = params[name]
  const found = typeof value === "string" && value.startsWith("attach://") ? params[value.slice(9)] : value
  return isRecord(found) && typeof found["fileName"] === "string" && typeof found["content"] === "string"
    ? { fileName: found["fileName"], content: found["content"] }
    : null
}

/** Telegram reads true, yes, y, t and 1 as true. */
export const flag = (params: Params, name: string): boolean =>
  ["true", "yes", "y", "t", "1"].includes(text(params, name).toLowerCase())

/** A structured parameter, given as JSON or as JSON text; null when absent. */
export const json = (params: Params, name: string, complaint: string): Answer => {
  const value = params[name]
  if (value === undefined || value === null || value === "") return Result.succeed(null)
  if (typeof value !== "string") return Result.succeed(value)
  const decoded = decodeJson(value)
  return Option.isSome(decoded) ? Result.succeed(decoded.value) : badRequest(complaint)
}

export { isRecord }
