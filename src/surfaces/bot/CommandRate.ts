/**
 * How much one person may ask of the bot: as many commands a minute as their plan has API requests, taps six times that.
 *
 * In: who asks, and when. Out: serve it, say once that it is too fast, or drop it. Promises: decided in memory, before
 * anything is read or written for it, and what will be dropped is not recorded (Updates.ts), so that a flood costs others
 * next to nothing; what is dropped does not prolong the wait; a person counts, not a chat. The bot reacts in one process
 * at a time (Updates.ts); another that takes over knows what was served from the bucket `rate_limit` (CommandRateKeeping.ts),
 * or begins anew where that is away. 20,000 people are remembered, who asked last.
 */
import { Context } from "effect"
import type { Update } from "grammy/types"
import { limitsOf } from "../../domain/Tier.ts"

export type Asked = "command" | "tap"

export type Turn =
  | { readonly _tag: "Serve" }
  | { readonly _tag: "TooFast"; readonly perMinute: number; readonly waitMs: number; readonly isFirst: boolean }

const WINDOW_MS = 60_000
const PEOPLE = 20_000
const FACTOR: Readonly<Record<Asked, number>> = { command: 1, tap: 6 }

const SERVE: Turn = { _tag: "Serve" }

export interface Rate {
  readonly turn: (telegramId: string, asked: Asked, nowMs: number) => Turn
  /**
   * Whether one more command would be dropped in silence, with so many of theirs still waiting: that is known before it
   * is so much as recorded.
   */
  readonly isInVain: (telegramId: string, waiting: number, nowMs: number) => boolean
  /** What their plan admits, as the Gate has just read it. */
  readonly learn: (telegramId: string, perMinute: number) => void
}

/** Default: no limits; `layer` puts them in force. */
export const CommandRate = Context.Reference<Rate>("arbedge/bot/CommandRate", {
  defaultValue: () => ({ turn: () => SERVE, isInVain: () => false, learn: () => {} }),
})

/** When (ms) what counts was served, oldest first. */
export type Served = Readonly<Record<Asked, ReadonlyArray<number>>>

/** The counts behind a `Rate`, for whoever keeps them. */
export interface Counts extends Rate {
  readonly size: () => number
  /** Who was served since this was last asked, and when within the last minute. */
  readonly takeServed: () => ReadonlyMap<string, Served>
  /** What another process has served: it counts as if it had been served here. */
  readonly hear: (telegramId: string, served: Served, nowMs: number) => void
}

interface Person {
  perMinute: number
  readonly served: Record<Asked, ReadonlyArray<number>>
  /** Whether they were told since they were served last. */
  readonly isTold: Record<Asked, boolean>
}

/** Who asks by a message that counts as a command; null: nobody does. */
export const askerOf = ({ message }: Update): string | null => {
  if (message?.from === undefined || message.text === undefined) return null
  return message.chat.id > 0 || message.text.startsWith("/") ? `${message.from.id}` : null
}

/** Both lists as one; what is in both counts as often as in the one that has it more often. */
const merged = (one: ReadonlyArray<number>, other: ReadonlyArray<number>): ReadonlyArray<number> => {
  const rest = [...one]
  const missing = other.filter((atMs) => {
    const place = rest.indexOf(atMs)
    if (place >= 0) rest.splice(place, 1)
    return place < 0
  })
  return missing.length === 0 ? one : [...one, ...missing].toSorted((a, b) => a - b)
}

const lowest = (): number => limitsOf("free", "user").apiPerMinute

/** A clock that went back must not keep anybody waiting for longer than a minute. */
const counting = (times: ReadonlyArray<number>, nowMs: number): ReadonlyArray<number> =>
  times.filter((atMs) => atMs > nowMs - WINDOW_MS && atMs <= nowMs)

export const make = (): Counts => {
  const people = new Map<string, Person>()
  const changed = new Set<string>()

  /** Who asked last stands last; those not yet met have the lowest plan. */
  const personOf = (telegramId: string): Person => {
    const person = people.get(telegramId) ?? {
      perMinute: lowest(),
      served: { command: [], tap: [] },
      isTold: { command: false, tap: false },
    }
    people.delete(telegramId)
    people.set(telegramId, person)
    for (const first of people.keys()) {
      if (people.size <= PEOPLE) break
      people.delete(first)
    }
    return person
  }

  const turn = (telegramId: string, asked: Asked, nowMs: number): Turn => {
    const person = personOf(telegramId)
    const most = person.perMinute * FACTOR[asked]
    const served = counting(person.served[asked], nowMs)
    const last = served[served.length - most]
    person.served[asked] = last === undefined ? [...served, nowMs] : served
    if (last === undefined) changed.add(telegramId)
    const isFirst = !person.isTold[asked]
    person.isTold[asked] = last !== undefined
    return last === undefined ? SERVE : { _tag: "TooFast", perMinute: most, waitMs: last + WINDOW_MS - nowMs, isFirst }
  }

  return {
    turn,
    isInVain: (telegramId, waiting, nowMs) => {
      const person = people.get(telegramId)
      const served = counting(person?.served.command ?? [], nowMs).length
      const most = person?.perMinute ?? lowest()
      // One more than are served has to come through, to be told of.
      return served + waiting >= most + (person?.isTold.command === true ? 0 : 1)
    },
    learn: (telegramId, perMinute) => {
      personOf(telegramId).perMinute = perMinute
    },
    size: () => people.size,
    takeServed: () => {
      const taken = new Map([...changed].flatMap((telegramId) => {
        const served = people.get(telegramId)?.served
        return served === undefined ? [] : [[telegramId, served] as const]
      }))
      changed.clear()
      return taken
    },
    hear: (telegramId, served, nowMs) => {
      const command = counting(served.command, nowMs), tap = counting(served.tap, nowMs)
      if (command.length + tap.length === 0) return
      const { served: known } = personOf(telegramId)
      known.command = merged(known.command, command)
      known.tap = merged(known.tap, tap)
    },
  }
}
