/**
 * The dialogue about the least net profit, in basis points.
 *
 * In: what a person typed. Out: the preference, or what was wrong with it and another try. Promises: a comma is a
 * decimal point; nothing outside the bounds is stored.
 */
import { Effect, Option, Schema } from "effect"
import { save } from "../menus/Choosing.ts"
import { say } from "../Replies.ts"
import { html } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import { ask, forget } from "./Asking.ts"
import type { Topic } from "./Topic.ts"

const TOPIC = "minimum-net"
const HIGHEST = 10_000

const Typed = Schema.NumberFromString.check(Schema.isBetween({ minimum: 0, maximum: HIGHEST }))
const decode = Schema.decodeUnknownOption(Typed)

/** To a hundredth of a basis point, within what is allowed. */
export const inBounds = (bps: number): number => Math.min(HIGHEST, Math.max(0, Math.round(bps * 100) / 100))

/** "12,5 bps" is 12.5. */
const read = (text: string): Option.Option<number> => {
  const [, figure] = /^\+?(\d{1,6}(?:[.,]\d{1,6})?)\s*(?:bps|бп)?$/iu.exec(text.trim()) ?? []
  return Option.map(decode(figure?.replace(",", ".")), inBounds)
}

export const askMinimum = (member: Member) =>
  ask(member, TOPIC, html(member.preferences.language, "preferences-net-ask", { most: HIGHEST }))

export const minimumNet: Topic = {
  topic: TOPIC,
  heard: Effect.fn("MinimumNet.heard")(function* (member, _dialogue, said) {
    const { preferences: { language }, visit } = member
    const bps = said._tag === "Text" ? read(said.text) : Option.none()
    if (Option.isNone(bps)) {
      return yield* say(visit.chatId, html(language, "preferences-net-wrong", { most: HIGHEST }))
    }
    yield* save(member, (stored) => ({ ...stored, minNetBps: bps.value }))
    yield* forget(member)
    yield* say(visit.chatId, html(language, "preferences-net-set", { bps: `${bps.value}` }))
  }),
}
