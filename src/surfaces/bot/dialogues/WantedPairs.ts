/**
 * The dialogue about the assets and pairs that a person wants.
 *
 * In: what they typed, such as "btc, eth/usdt". Out: the preference extended, or what of it is no name and another try.
 * Promises: names are stored as venues write them, upper case and once; at most a hundred.
 */
import { Effect, Option } from "effect"
import * as Instrument from "../../../domain/Instrument.ts"
import { save } from "../menus/Choosing.ts"
import { say } from "../Replies.ts"
import { html } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import { ask, forget } from "./Asking.ts"
import type { Topic } from "./Topic.ts"

const TOPIC = "wanted-pairs"
const MOST = 100
const LONGEST = 24

/** An asset, or a pair that parses; null: neither. */
const nameOf = (word: string): string | null => {
  const name = word.toUpperCase()
  if (name.length > LONGEST || !/^[\p{L}\p{N}$._+'-]+(?:\/[\p{L}\p{N}$._+'-]+)?$/u.test(name)) return null
  return !name.includes("/") || Option.isSome(Instrument.parse(name)) ? name : null
}

export const askPairs = (member: Member) =>
  ask(member, TOPIC, html(member.preferences.language, "preferences-pairs-ask"))

export const wantedPairs: Topic = {
  topic: TOPIC,
  heard: Effect.fn("WantedPairs.heard")(function* (member, _dialogue, said) {
    const { preferences: { language, pairs }, visit } = member
    const words = said._tag === "Text" ? said.text.split(/[\s,;]+/u).filter((word) => word !== "") : []
    const wrong = words.find((word) => nameOf(word) === null)
    if (words.length === 0 || wrong !== undefined) {
      return yield* say(visit.chatId, html(language, "preferences-pairs-wrong", { word: (wrong ?? "").slice(0, 40) }))
    }
    const names = [...new Set([...pairs, ...words.flatMap((word) => nameOf(word) ?? [])])]
    if (names.length > MOST) return yield* say(visit.chatId, html(language, "preferences-pairs-many", { most: MOST }))
    yield* save(member, (stored) => ({ ...stored, pairs: names }))
    yield* forget(member)
    yield* say(visit.chatId, html(language, "preferences-pairs-set", { pairs: names.join(", ") }))
  }),
}
