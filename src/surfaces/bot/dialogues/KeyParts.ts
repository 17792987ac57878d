/**
 * The dialogue in which a person entrusts an exchange key: key, then secret, then a passphrase where the venue wants one.
 *
 * In: what they typed. Out: a sealed key, checked with its venue. Promises: each message with a part is deleted before
 * anything else is done with it, and where that fails they are told to delete it; what was entered so far is sealed of
 * its own inside the dialogue, so that it is nowhere in the clear, also on its way to another process.
 */
import { Effect, Option, Redacted, Result, Schema } from "effect"
import { MAX_SECRET_LENGTH } from "../../../domain/ApiKey.ts"
import type { Dialogue } from "../../../domain/Dialogue.ts"
import { KeyCheck, type KeyNeeds } from "../../../layers/KeyCheck.ts"
import { Keys } from "../../../layers/Keys.ts"
import { type About, Vault, type VaultError } from "../../../layers/Vault.ts"
import { SessionClient } from "../../../actors/Session.ts"
import { checkAndTell } from "../KeyChecking.ts"
import { erase, say } from "../Replies.ts"
import { html } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import { forget } from "./Asking.ts"
import type { Topic } from "./Topic.ts"

const TOPIC = "key-parts"
const SHORTEST = 4

type Step = "apiKey" | "secret" | "passphrase"
const STEPS: ReadonlyArray<Step> = ["apiKey", "secret", "passphrase"]

/** The parts so far, by step. */
const Parts = Schema.fromJsonString(Schema.Record(Schema.String, Schema.String))
const encode = Schema.encodeEffect(Parts)
const decode = Schema.decodeEffect(Parts)

const aboutOf = ({ session, user }: Member): About => ({
  user: user.userId,
  purpose: `dialogue:${TOPIC}`,
  record: session.sessionId,
})

/** False: it cannot be remembered now. */
const askFor = Effect.fnUntraced(function* (member: Member, step: Step, data: Dialogue["data"]) {
  const sessions = yield* SessionClient
  const { preferences: { language }, visit } = member
  const dialogue: Dialogue = { topic: TOPIC, step, data, askedAt: visit.nowMs }
  const kept = yield* sessions.setDialogue(visit.telegramId, Option.some(dialogue))
  yield* say(
    visit.chatId,
    kept ? html(language, `keys-ask.${step}`, { venue: data["venue"] ?? "" }) : html(language, "keys-cannot-ask"),
  )
})

/** What the venue's keys consist of, or that it is not for us. */
const needsOf = (venue: string) => Effect.result(Effect.flatMap(KeyCheck, (checks) => checks.needs(venue)))

/** Says what kind of key to make, and asks for the first part. */
export const begin = Effect.fn("KeyParts.begin")(function* (member: Member, venue: string) {
  const { preferences: { language }, visit } = member
  const needs = yield* needsOf(venue)
  if (Result.isFailure(needs)) {
    return yield* say(visit.chatId, html(language, "keys-unsupported", { venue, detail: needs.failure.detail }))
  }
  yield* say(visit.chatId, html(language, "keys-guidance", { venue }))
  yield* askFor(member, "apiKey", { venue })
})

const openParts = Effect.fnUntraced(function* (member: Member, { data }: Dialogue) {
  const vault = yield* Vault
  const { sealed } = data
  if (sealed === undefined) return Option.some<Readonly<Record<string, string>>>({})
  return yield* vault.open(sealed, aboutOf(member)).pipe(
    Effect.flatMap((plain) => decode(Redacted.value(plain))),
    Effect.option,
  )
})

const stepAfter = (step: Step, { passphrase }: KeyNeeds): Step | null =>
  step === "apiKey" ? "secret" : step === "secret" && passphrase ? "passphrase" : null

/** All parts are there. */
const finish = Effect.fnUntraced(function* (member: Member, venue: string, parts: Readonly<Record<string, string>>) {
  const keys = yield* Keys
  const { preferences: { language }, user: { userId }, visit } = member
  const { apiKey = "", passphrase, secret = "" } = parts
  const added = yield* keys.add({
    userId,
    venue,
    label: null,
    secret: {
      apiKey: Redacted.make(apiKey),
      secret: Redacted.make(secret),
      passphrase: passphrase === undefined ? null : Redacted.make(passphrase),
    },
    nowMs: visit.nowMs,
  }).pipe(
    Effect.map(Result.succeed),
    Effect.catchTag(
      "KeysError",
      ({ reason }) => Effect.succeed(Result.fail(html(language, `keys-not-added.${reason}`))),
    ),
    Effect.catchTag("VaultError", unsealed(language)),
  )
  yield* forget(member)
  if (Result.isFailure(added)) return yield* say(visit.chatId, added.failure)
  yield* say(visit.chatId, html(language, "keys-stored", { venue }))
  yield* checkAndTell(member, added.success)
})

const unsealed = (language: Member["preferences"]["language"]) => (error: VaultError) =>
  Effect.as(
    Effect.logError(`a key could not be sealed: ${error.message}`),
    Result.fail(html(language, "keys-no-master")),
  )

const next = Effect.fnUntraced(function* (member: Member, dialogue: Dialogue, step: Step, text: string) {
  const { preferences: { language }, visit } = member
  const venue = dialogue.data["venue"] ?? ""
  const needs = yield* needsOf(venue)
  const before = yield* openParts(member, dialogue)
  if (Result.isFailure(needs) || Option.isNone(before)) {
    yield* forget(member)
    return yield* say(visit.chatId, html(language, "keys-start-over"))
  }
  const parts = { ...before.value, [step]: text }
  const following = stepAfter(step, needs.success)
  if (following === null) return yield* finish(member, venue, parts)
  const vault = yield* Vault
  const plain = Redacted.make(yield* Effect.orDie(encode(parts)))
  const sealed = yield* vault.seal(plain, aboutOf(member)).pipe(
    Effect.map(Result.succeed),
    Effect.catchTag("VaultError", unsealed(language)),
  )
  if (Result.isFailure(sealed)) {
    yield* forget(member)
    return yield* say(visit.chatId, sealed.failure)
  }
  yield* askFor(member, following, { venue, sealed: sealed.success })
})

export const keyParts: Topic = {
  topic: TOPIC,
  heard: Effect.fn("KeyParts.heard")(function* (member, dialogue, said) {
    const { preferences: { language }, visit } = member
    const isErased = yield* erase(visit.chatId, said.messageId)
    if (!isErased) yield* say(visit.chatId, html(language, "keys-delete-yourself"))
    const step = STEPS.find((one) => one === dialogue.step)
    const text = said._tag === "Text" ? said.text.trim() : ""
    if (step === undefined || text.length < SHORTEST || text.length > MAX_SECRET_LENGTH) {
      return yield* say(visit.chatId, html(language, "keys-no-part"))
    }
    yield* next(member, dialogue, step, text)
  }),
}
