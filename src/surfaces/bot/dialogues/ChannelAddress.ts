/**
 * The dialogue that adds an address beside Telegram: asked for, then proved to be the user's.
 *
 *   address --webhook echoes the challenge, or the browser's push service takes a test--> verified
 *   address --mail with a code--> code typed here --right, in time, within five tries--> verified
 *
 * In: what a person typed. Out: an address in the route, or what was wrong and what to do. Promises: a code comes from
 * secure randomness and is kept as a hash; at most `PROOFS` proofs a channel and day leave, so that nobody's mailbox or
 * server can be flooded from here; nothing an address answered is repeated but its status.
 */
import { createHash } from "node:crypto"
import { Effect, Option, Schema } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { SessionClient } from "../../../actors/Session.ts"
import { AddressedChannel } from "../../../domain/DeliveryChannel.ts"
import { Outlets } from "../../../layers/Outlets.ts"
import { UserChannels } from "../../../layers/UserChannels.ts"
import { say } from "../Replies.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import { forget } from "./Asking.ts"
import type { Topic } from "./Topic.ts"

const TOPIC = "channel"
const CODE = "code"
const CODE_LASTS_MS = 600_000
const PROOFS = 5

const decodeChannel = Schema.decodeUnknownOption(AddressedChannel)

/** Six digits for people; 32 hexadecimal ones for machines. */
const codeFor = (channel: AddressedChannel): string => {
  const bytes = SecureRandom.randomBytesUnsafe(16)
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
  // 48 bits: what 10^6 does not divide evenly is less than one in 10^8.
  return channel === "email" ? `${Number.parseInt(hex.slice(0, 12), 16) % 1_000_000}`.padStart(6, "0") : hex
}

const hashOf = (userId: string, code: string): string => createHash("sha256").update(`${userId}:${code}`).digest("hex")

const wait = Effect.fn("ChannelAddress.wait")(function* (member: Member, channel: AddressedChannel, step: string) {
  const sessions = yield* SessionClient
  const { nowMs, telegramId } = member.visit
  return yield* sessions.setDialogue(telegramId, Option.some({ topic: TOPIC, step, data: { channel }, askedAt: nowMs }))
})

/** Asks for the address. */
export const askAddress = Effect.fn("ChannelAddress.ask")(function* (member: Member, channel: AddressedChannel) {
  const { language } = member.preferences
  const kept = yield* wait(member, channel, "address")
  yield* say(member.visit.chatId, html(language, kept ? `channels-ask.${channel}` : "channels-cannot-ask"))
})

const heardAddress = Effect.fn("ChannelAddress.address")(
  function* (member: Member, channel: AddressedChannel, text: string) {
    const { preferences: { language }, user: { userId }, visit: { chatId, nowMs } } = member
    const answer = (id: string, args = {}) => say(chatId, html(language, id, args))
    const outlet = (yield* Outlets)[channel]
    const channels = yield* UserChannels
    if (outlet === null) return yield* Effect.andThen(forget(member), answer("channels-absent"))
    const address = outlet.read(text)
    if (Option.isNone(address)) return yield* answer(`channels-wrong.${channel}`)
    const added = yield* channels.add({ userId, channel, address: address.value, nowMs })
    if (!(yield* channels.spend({ userId, channel, perDay: PROOFS, nowMs }))) {
      return yield* Effect.andThen(forget(member), answer("channels-too-often"))
    }
    const code = codeFor(channel)
    yield* channels.expectCode({
      userId,
      channel,
      codeHash: hashOf(userId, code),
      expiresAt: nowMs + CODE_LASTS_MS,
      nowMs,
    })
    const proven = yield* outlet.prove(added, {
      code,
      subject: plain(language, `channels-proof-subject.${channel}`, { code }),
      text: plain(language, `channels-proof.${channel}`, { code }),
    })
    if (proven._tag === "NotProven") return yield* answer(`channels-not-proven.${channel}`, { detail: proven.detail })
    if (proven.state === "sent") {
      yield* wait(member, channel, CODE)
      return yield* answer("channels-code-ask", { address: address.value })
    }
    yield* channels.verify({ userId, channel, nowMs })
    yield* forget(member)
    const secret = outlet.secretOf(added.channelId)
    yield* answer(secret === null ? "channels-done" : "channels-done-signed", { secret: secret ?? "" })
  },
)

const heardCode = Effect.fn("ChannelAddress.code")(
  function* (member: Member, channel: AddressedChannel, text: string) {
    const { preferences: { language }, user: { userId }, visit: { chatId, nowMs } } = member
    const channels = yield* UserChannels
    const codeHash = hashOf(userId, text.replace(/\D/g, ""))
    const verdict = yield* channels.tryCode({ userId, channel, codeHash, nowMs })
    if (verdict !== "wrong") yield* forget(member)
    yield* say(chatId, html(language, verdict === "verified" ? "channels-done" : `channels-code.${verdict}`))
  },
)

export const channelAddress: Topic = {
  topic: TOPIC,
  heard: Effect.fn("ChannelAddress.heard")(function* (member, { data, step }, said) {
    const { preferences: { language }, visit } = member
    const channel = decodeChannel(data["channel"])
    if (Option.isNone(channel) || said._tag !== "Text") {
      return yield* say(visit.chatId, html(language, "channels-text-please"))
    }
    yield* step === CODE ? heardCode(member, channel.value, said.text) : heardAddress(member, channel.value, said.text)
  }),
}
