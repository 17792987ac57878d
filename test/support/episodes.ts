/**
 * What a replay must send, worked out without the product: a plain loop over a recording's best quotes, and the rules of
 * who is told when, written down once more in their simplest form.
 *
 * In: the lines of a recording, a threshold, people. Out: episodes (for zero fees, dollars taken as one) and the
 * messages they owe. Promises: exact arithmetic; no code of src is used.
 */
import { Schema } from "effect"
import { createReadStream } from "node:fs"
import { createInterface } from "node:readline"
import { createGunzip } from "node:zlib"

export interface Episode {
  readonly buy: string
  readonly sell: string
  readonly openAt: number
  readonly closeAt: number
  /** At its opening, and at its best. */
  readonly openBps: number
  readonly bestBps: number
  /** What both best quotes hold together earned at its opening, in units of 10^-16 quote. */
  readonly openProfit: bigint
}

const decodeQuote = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Struct({
  venue: Schema.String,
  ingestTime: Schema.Int,
  bid: Schema.String,
  ask: Schema.String,
  bidSize: Schema.String,
  askSize: Schema.String,
})))

interface Best {
  readonly bid: bigint
  readonly ask: bigint
  readonly bidSize: bigint
  readonly askSize: bigint
}

/** So long after it was last spoken of an opportunity expires; what was not sent by then never is. */
const LIFETIME_MS = 30_000
const DECIMALS = 8
const scaled = (text: string): bigint => {
  const [whole = "0", fraction = ""] = text.split(".")
  return BigInt(whole + fraction.padEnd(DECIMALS, "0"))
}

/** The coin-margined market counts in contracts of 100 dollars. */
const inBase = (venue: string, size: bigint, price: bigint): bigint =>
  venue === "binancecoinm" ? size * 100n * 10n ** BigInt(DECIMALS) / price : size

/** Runs of checks strictly above the threshold (whole bps), in the order of their opening. One base asset. */
export const episodesOf = async (file: string, thresholdBps: number): Promise<ReadonlyArray<Episode>> => {
  const best = new Map<string, Best>(), open = new Map<string, Episode>(), found: Array<Episode> = []
  const check = (buy: string, sell: string, at: number): void => {
    const bought = best.get(buy), sold = best.get(sell)
    if (bought === undefined || sold === undefined) return
    const { ask, askSize } = bought, { bid, bidSize } = sold
    const key = `${buy} ${sell}`
    const before = open.get(key)
    if ((bid - ask) * 10_000n > ask * BigInt(thresholdBps)) {
      const bps = Number((bid - ask) * 100_000_000n / ask) / 10_000
      const openProfit = (bid - ask) * (askSize < bidSize ? askSize : bidSize)
      const started = before ?? { buy, sell, openAt: at, closeAt: Infinity, openBps: bps, bestBps: bps, openProfit }
      open.set(key, { ...started, bestBps: Math.max(started.bestBps, bps) })
    } else if (before !== undefined) {
      found.push({ ...before, closeAt: at })
      open.delete(key)
    }
  }
  const lines = createInterface({ input: createReadStream(file).pipe(createGunzip()) })
  for await (const line of lines) {
    if (!line.includes('"kind":"quote"')) continue
    const tick = decodeQuote(line)
    const bid = scaled(tick.bid), ask = scaled(tick.ask)
    best.set(tick.venue, {
      bid,
      ask,
      bidSize: inBase(tick.venue, scaled(tick.bidSize), bid),
      askSize: inBase(tick.venue, scaled(tick.askSize), ask),
    })
    for (const other of best.keys()) {
      if (other === tick.venue) continue
      check(tick.venue, other, tick.ingestTime)
      check(other, tick.venue, tick.ingestTime)
    }
  }
  for (const episode of open.values()) found.push({ ...episode, closeAt: episode.openAt + LIFETIME_MS })
  return found.toSorted((a, b) => a.openAt - b.openAt)
}

export interface Person {
  readonly chat: number
  /** Whether the recording's hours, all within one of this person's, are active. */
  readonly isAwake: boolean
  readonly minNetBps: number
  readonly perHour: number
  readonly perDay: number
  /** Empty: all. */
  readonly venues: ReadonlyArray<string>
}

export interface Message {
  readonly at: number
  readonly chat: number
  readonly kind: "open" | "close"
  readonly openAt: number
}

/** One message a second to a chat, and the margin that the product keeps. */
const CHAT_PAUSE_MS = 1_010

const rankOf = (bps: number): number => bps >= 50 ? 0 : bps >= 20 ? 1 : bps >= 10 ? 2 : 3

/** For recordings shorter than an hour within one day: both caps then count everything that was sent. */
export const messagesFor = (person: Person, episodes: ReadonlyArray<Episode>): ReadonlyArray<Message> => {
  interface Row {
    readonly kind: "open" | "close"
    readonly episode: Episode
    readonly rank: number
    readonly order: number
  }
  const sent: Array<Message> = [], told = new Map<Episode, number>()
  let waiting: ReadonlyArray<Row> = [], freeAt = -Infinity, order = 0
  const spent = () => told.size + waiting.filter(({ kind }) => kind === "open").length
  const expireBy = (at: number): void => {
    waiting = waiting.filter(({ episode, kind }) => kind === "close" || at < episode.openAt + LIFETIME_MS)
  }
  /** Everything that may leave up to then; a closing only after its opening. */
  const sendUntil = (untilMs: number, nowMs: number): void => {
    for (let at = Math.max(freeAt, nowMs); at <= untilMs; at = Math.max(freeAt, nowMs)) {
      expireBy(at)
      const [next] = waiting.filter(({ episode, kind }) => kind === "open" || told.has(episode))
        .toSorted((a, b) => a.rank - b.rank || a.order - b.order)
      if (next === undefined) return
      // Told when it was over, it says so: nothing is left to be edited.
      const saysSo = (row: Row) => next.kind === "open" && row.episode === next.episode && row.episode.closeAt < at
      waiting = waiting.filter((row) => row !== next && !saysSo(row))
      if (next.kind === "open") told.set(next.episode, at)
      sent.push({ at, chat: person.chat, kind: next.kind, openAt: next.episode.openAt })
      freeAt = at + CHAT_PAUSE_MS
    }
  }
  const wait = (kind: Row["kind"], episode: Episode, rank: number): void => {
    waiting = [...waiting, { kind, episode, rank, order: order++ }]
  }
  /** The same pair of venues rests for four hours, longer than the recording, unless it earns half as much again. */
  const rests = (episode: Episode): boolean => {
    const same = ({ buy, sell }: Episode) => buy === episode.buy && sell === episode.sell
    const owed = waiting.filter((row) => row.kind === "open" && same(row.episode)).map((row) => row.episode)
    const last = [...[...told.keys()].filter(same), ...owed].at(-1)
    return last !== undefined && episode.openProfit * 2n < last.openProfit * 3n
  }
  const events = episodes.flatMap((episode) => [
    { at: episode.openAt, kind: "open" as const, episode },
    { at: episode.closeAt, kind: "close" as const, episode },
  ]).toSorted((a, b) => a.at - b.at)
  let before = -Infinity
  for (const { at, episode, kind } of events) {
    sendUntil(at, before)
    before = at
    expireBy(at)
    if (kind === "close") {
      const isOwed = told.has(episode) || waiting.some((row) => row.episode === episode)
      // Less urgent by a step than telling of something as urgent.
      if (isOwed) wait("close", episode, Math.min(3, rankOf(episode.bestBps) + 1))
    } else {
      const fits = person.isAwake && episode.openBps >= person.minNetBps && !rests(episode) &&
        spent() < Math.min(person.perHour, person.perDay) &&
        (person.venues.length === 0 || [episode.buy, episode.sell].every((venue) => person.venues.includes(venue)))
      if (fits) wait("open", episode, rankOf(episode.openBps))
    }
    sendUntil(at, at)
  }
  sendUntil(Infinity, before)
  return sent
}
