/**
 * How much one person may ask of the bot: as many commands a minute as their plan has API requests, taps six times that.
 *
 * In: who asks, and when. Out: serve it, say once that it is too fast, or drop it. Promises: decided in memory, before
 * anything is read or written for it, and what will be dropped is not recorded (Updates.ts), so that a flood costs others
 * next to nothing; what is dropped does not prolong the wait; a person counts, not a chat. The bot reacts in one process at a time (Updates.ts), so this is all there is to
 * count; another that takes over begins anew. 20,000 people are remembered, who asked last.
 */
import { Context, Layer } from "effect"
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

interface Person {
  perMinute: number
  /** When what counts was served, oldest first. */
  readonly served: Record<Asked, ReadonlyArray<number>>
  /** Whether they were told since they were served last. */
  readonly isTold: Record<Asked, boolean>
}

/** Who asks by a message that counts as a command; null: nobody does. */
export const askerOf = ({ message }: Update): string | null => {
  if (message?.from === undefined || message.text === undefined) return null
  return message.chat.id > 0 || message.text.startsWith("/") ? `${message.from.id}` : null
}

const lowest = (): number => limitsOf("free", "user").apiPerMinute

export const make = (): Rate & { readonly size: () => number } => {
  const people = new Map<string, Person>()

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
    // A clock that went back must not keep anybody waiting for longer than a minute.
    const served = person.served[asked].filter((atMs) => atMs > nowMs - WINDOW_MS && atMs <= nowMs)
    const last = served[served.length - most]
    person.served[asked] = last === undefined ? [...served, nowMs] : served
    const isFirst = !person.isTold[asked]
    person.isTold[asked] = last !== undefined
    return last === undefined ? SERVE : { _tag: "TooFast", perMinute: most, waitMs: last + WINDOW_MS - nowMs, isFirst }
  }

  return {
    turn,
    isInVain: (telegramId, waiting, nowMs) => {
      const person = people.get(telegramId)
      const counting = (person?.served.command ?? []).filter((atMs) => atMs > nowMs - WINDOW_MS && atMs <= nowMs).length
      const most = person?.perMinute ?? lowest()
      // One more than are served has to come through, to be told of.
      return counting + waiting >= most + (person?.isTold.command === true ? 0 : 1)
    },
    learn: (telegramId, perMinute) => {
      personOf(telegramId).perMinute = perMinute
    },
    size: () => people.size,
  }
}

export const layer: Layer.Layer<never> = Layer.sync(CommandRate, make)
