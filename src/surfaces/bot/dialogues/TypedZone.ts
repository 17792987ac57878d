/**
 * The dialogue about a person's time zone, typed.
 *
 * In: a zone's name, or a city's. Out: the preference, or what it may have meant and another try. Promises: nothing is
 * guessed: of several that fit none is taken.
 */
import { Effect } from "effect"
import { TIME_ZONES, zonesLike } from "../../../domain/TimeZones.ts"
import { inRussian } from "../CityNames.ts"
import { save } from "../menus/Choosing.ts"
import { say } from "../Replies.ts"
import { html } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import { ask, forget } from "./Asking.ts"
import type { Topic } from "./Topic.ts"

const TOPIC = "time-zone"
const SUGGESTED = 8

/** A city's Russian name stands for its zone as well. */
const zonesMeant = (text: string): ReadonlyArray<string> => {
  const wanted = text.trim().toLowerCase()
  const named = TIME_ZONES.filter((zone) => inRussian(zone)?.toLowerCase() === wanted)
  return named.length > 0 ? named : zonesLike(text)
}

export const askZone = (member: Member) =>
  ask(member, TOPIC, html(member.preferences.language, "notifications-zone-ask"))

export const typedZone: Topic = {
  topic: TOPIC,
  heard: Effect.fn("TypedZone.heard")(function* (member, _dialogue, said) {
    const { preferences: { language }, visit } = member
    const [zone, ...others] = said._tag === "Text" ? zonesMeant(said.text) : []
    if (zone === undefined) return yield* say(visit.chatId, html(language, "notifications-zone-unknown"))
    if (others.length > 0) {
      const zones = [zone, ...others].slice(0, SUGGESTED).join(", ")
      return yield* say(visit.chatId, html(language, "notifications-zone-several", { zones }))
    }
    yield* save(member, (stored) => ({ ...stored, timeZone: zone }))
    yield* forget(member)
    yield* say(visit.chatId, html(language, "notifications-zone-set", { zone }))
  }),
}
