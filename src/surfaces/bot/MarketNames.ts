/**
 * Which followed markets somebody means.
 *
 * In: "btc", "BTC/USDT", "kraken:BTC/USDT", and what is followed. Out: a venue or none, and instruments, spot first.
 * Promises: only followed names come out; nothing is guessed.
 */
import { Option } from "effect"
import * as Instrument from "../../domain/Instrument.ts"

export interface Meant {
  /** Null: all venues. */
  readonly venue: string | null
  readonly instruments: ReadonlyArray<string>
}

const MARKETS: ReadonlyArray<Instrument.Market> = ["spot", "linear", "inverse", "dated"]

const rankOf = (name: string): number =>
  Option.match(Instrument.parse(name), {
    onNone: () => MARKETS.length,
    onSome: ({ market }) => MARKETS.indexOf(market),
  })

/** An asset means all its markets, a pair the spot market, a contract's name the contract. */
export const meant = (
  text: string,
  followed: { readonly venues: ReadonlyArray<string>; readonly instruments: ReadonlyArray<string> },
): Meant => {
  const [, venue = null, name = ""] = /^(?:([a-z0-9_]+):(?=[^:/]*(?:\/|$)))?(.*)$/iu.exec(text.trim()) ?? []
  const wanted = name.toUpperCase()
  const instruments = wanted.includes("/")
    ? followed.instruments.filter((each) => each.toUpperCase() === wanted)
    : followed.instruments.filter((each) =>
      Option.exists(Instrument.parse(each), ({ base }) => base.toUpperCase() === wanted)
    )
  return {
    venue: venue === null ? null : venue.toLowerCase(),
    instruments: instruments.toSorted((a, b) => rankOf(a) - rankOf(b)),
  }
}

/** Assets that are followed, each once, in the order of the settings. */
export const assetsOf = (instruments: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...new Set(instruments.flatMap((name) => Option.toArray(Option.map(Instrument.parse(name), ({ base }) => base)))),
]
