/**
 * What the emulator's tests share: a caller of its API without TCP, and people to talk with.
 * Comes in: a method and parameters. Goes out: the decoded reply. Promises: the caller adds nothing of its own.
 */
import { Effect, Schema } from "effect"
import { TelegramEmulator } from "../../../src/simulators/telegram/TelegramEmulator.ts"

export const Reply = Schema.Struct({
  ok: Schema.Boolean,
  result: Schema.optionalKey(Schema.Unknown),
  error_code: Schema.optionalKey(Schema.Int),
  description: Schema.optionalKey(Schema.String),
  parameters: Schema.optionalKey(Schema.Struct({
    retry_after: Schema.optionalKey(Schema.Int),
    migrate_to_chat_id: Schema.optionalKey(Schema.Int),
  })),
})
export type Reply = typeof Reply.Type

export const readReply = (text: string) => Schema.decodeUnknownSync(Schema.fromJsonString(Reply))(text)

/** Calls a method by JSON through the in-process fetch. */
export const call = (method: string, params: Readonly<Record<string, unknown>> = {}) =>
  Effect.gen(function* () {
    const { fetch, token, url } = yield* TelegramEmulator
    const text = yield* Effect.promise(async () => {
      const response = await fetch(`${url}/bot${token}/${method}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(params),
      })
      return await response.text()
    })
    return readReply(text)
  })

/** The description of a refusal, or "ok". */
export const said = (method: string, params: Readonly<Record<string, unknown>> = {}) =>
  Effect.map(call(method, params), (reply) => reply.description ?? "ok")

export const ann = 101
export const bob = 102
export const group = -5001

/** Ann and Bob, each with a private chat, and a basic group of both. */
export const people = Effect.gen(function* () {
  const emulator = yield* TelegramEmulator
  yield* emulator.addPrivateChat({ id: ann, firstName: "Ann", languageCode: "en" })
  yield* emulator.addPrivateChat({ id: bob, firstName: "Bob" })
  yield* emulator.addGroup({
    id: group,
    title: "Desk",
    type: "group",
    members: [{ id: ann, firstName: "Ann", status: "creator" }, { id: bob, firstName: "Bob", status: "member" }],
  })
  return emulator
})

/** No sending limits: for tests of other things. */
export const unlimited = { limits: { overall: null, chat: null, group: null } } as const
