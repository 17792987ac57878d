/**
 * Instruments: one symbol on one venue, under one canonical name across venues.
 *
 * In: canonical names as ccxt writes them (BTC/USDT, BTC/USDT:USDT, BTC/USD:BTC, BTC/USDT:USDT-240927). Out: their
 * parts, subject tokens that can be read back, and the size in base units of what a venue states in contracts.
 * Promises: `parse(name).name === name`, and `fromTokens(market, pair)` undoes `marketToken` and `pairToken`.
 */
import { Option, Schema } from "effect"
import * as Decimal from "./Decimal.ts"

export const VenueId = Schema.String.check(Schema.isPattern(/^[a-z0-9][a-z0-9_]{0,31}$/u))
export type VenueId = string

export type Market = "spot" | "linear" | "inverse" | "dated"

export interface Instrument {
  /** Canonical name, unique within a venue. */
  readonly name: string
  readonly base: string
  readonly quote: string
  readonly market: Market
  /** Settlement currency; null on spot. */
  readonly settle: string | null
  /** Expiry of a dated contract, YYMMDD; null otherwise. */
  readonly expiry: string | null
}

/** "|" parts the columns of a frame; half of a surrogate pair has no bytes and so no token. */
const NAME = /^([^/:|\s\p{Cs}]{1,40})\/([^/:|\s\p{Cs}]{1,40})(?::([^/:|\s\p{Cs}]{1,40}?)(?:-(\d{6}))?)?$/u

const known = new Map<string, Option.Option<Instrument>>()
const KNOWN_CAPACITY = 20_000

const read = (name: string): Option.Option<Instrument> => {
  const match = NAME.exec(name)
  const base = match?.[1], quote = match?.[2]
  if (base === undefined || quote === undefined) return Option.none()
  const settle = match?.[3] ?? null, expiry = match?.[4] ?? null
  const market: Market = settle === null ? "spot" : expiry !== null ? "dated" : settle === base ? "inverse" : "linear"
  return Option.some({ name, base, quote, market, settle, expiry })
}

/** None for a name that is not canonical. Remembers the last 20,000 names; then it starts afresh. */
export const parse = (name: string): Option.Option<Instrument> => {
  const hit = known.get(name)
  if (hit !== undefined) return hit
  if (known.size >= KNOWN_CAPACITY) known.clear()
  const instrument = read(name)
  known.set(name, instrument)
  return instrument
}

/** Whether sizes are contracts worth a fixed amount of quote currency (coin-margined). */
export const isInverse = (instrument: Instrument): boolean =>
  instrument.market === "inverse" || (instrument.market === "dated" && instrument.settle === instrument.base)

/** Only spot can be withdrawn and deposited elsewhere. */
export const isTransferable = (instrument: Instrument): boolean => instrument.market === "spot"

/**
 * Base units of `size` as the venue states it (scale 12). Spot: the size itself. Linear: contracts x contract size.
 * Coin-margined: contracts x contract size / price.
 */
export const toBase = (
  instrument: Instrument,
  contractSize: Decimal.Decimal,
  size: Decimal.Decimal,
  price: Decimal.Decimal,
): Decimal.Decimal => {
  if (instrument.market === "spot") return size
  const units = Decimal.multiply(size, contractSize)
  return isInverse(instrument) ? Decimal.divide(units, price, Decimal.SCALE.size) : units
}

// --- subject tokens -------------------------------------------------------------------------------------------------

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true })

/** a-zA-Z0-9 stand for themselves, every other byte (UTF-8) is `_xx`. */
export const token = (text: string): string =>
  text.replace(
    /[^a-zA-Z0-9]/gu,
    (char) => Array.from(encoder.encode(char), (byte) => `_${byte.toString(16).padStart(2, "0")}`).join(""),
  )

/** None if the text is not what `token` writes. */
export const fromToken = (text: string): Option.Option<string> => {
  if (!/^(?:[a-zA-Z0-9]|_[0-9a-f]{2})+$/.test(text)) return Option.none()
  const bytes: Array<number> = []
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "_") {
      bytes.push(Number.parseInt(text.slice(i + 1, i + 3), 16))
      i += 2
    } else bytes.push(text.charCodeAt(i))
  }
  try {
    return Option.some(decoder.decode(Uint8Array.from(bytes)))
  } catch {
    return Option.none()
  }
}

/** `spot`, `linear-USDT`, `inverse-BTC`, `dated-USDT-240927`. */
export const marketToken = (instrument: Instrument): string =>
  [
    instrument.market,
    ...(instrument.settle === null ? [] : [token(instrument.settle)]),
    ...(instrument.expiry === null ? [] : [instrument.expiry]),
  ].join("-")

/** `BTC-USDT`. */
export const pairToken = (instrument: Instrument): string => `${token(instrument.base)}-${token(instrument.quote)}`

/** The instrument that `marketToken` and `pairToken` came from. */
export const fromTokens = (market: string, pair: string): Option.Option<Instrument> => {
  const [kind, settleToken, expiry, ...more] = market.split("-")
  const [baseToken, quoteToken, ...rest] = pair.split("-")
  if (baseToken === undefined || quoteToken === undefined || rest.length > 0 || more.length > 0) return Option.none()
  return Option.gen(function* () {
    const base = yield* fromToken(baseToken)
    const quote = yield* fromToken(quoteToken)
    const settle = settleToken === undefined ? "" : `:${yield* fromToken(settleToken)}`
    const instrument = yield* parse(`${base}/${quote}${settle}${expiry === undefined ? "" : `-${expiry}`}`)
    return yield* instrument.market === kind ? Option.some(instrument) : Option.none()
  })
}

// --- partitions -----------------------------------------------------------------------------------------------------

/** Part of the frame schema: changing it is a new schema version. */
export const PARTITIONS = 16

/** FNV-1a-32 of the base asset's UTF-8 bytes, modulo 16: every instrument of an asset meets in one partition. */
export const partitionOf = (base: string): number => {
  let hash = 0x811c9dc5
  for (const byte of encoder.encode(base)) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0) % PARTITIONS
}
