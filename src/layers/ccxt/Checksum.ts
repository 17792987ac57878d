/**
 * Order book checksums as the venues define them.
 *
 * In: the best levels of a book as numbers, best first. Out: CRC-32 values to compare with the frame's. Promises:
 * pure; prices and sizes are written as the venue writes them (OKX: shortest decimal; Kraken: fixed digits).
 */
import { numberText } from "./Values.ts"

/** `[price, size]`, best first. */
export type NumericLevels = ReadonlyArray<ReadonlyArray<number | undefined>>

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

/** CRC-32 (IEEE) of an ASCII text, unsigned. */
export const crc32 = (text: string): number => {
  let crc = 0xffffffff
  for (let i = 0; i < text.length; i++) crc = (crc >>> 8) ^ (TABLE[(crc ^ text.charCodeAt(i)) & 0xff] ?? 0)
  return (crc ^ 0xffffffff) >>> 0
}

/** OKX: the best 25 levels, bid and ask in turn, `price:size` joined by colons; signed. */
export const okxChecksum = (bids: NumericLevels, asks: NumericLevels): number => {
  const parts: Array<string> = []
  for (let i = 0; i < 25; i++) {
    for (const level of [bids[i], asks[i]]) {
      if (level !== undefined) parts.push(numberText(level[0] ?? 0), numberText(level[1] ?? 0))
    }
  }
  return crc32(parts.join(":")) | 0
}

const digits = (value: number, decimals: number): string => value.toFixed(decimals).replace(".", "").replace(/^0+/, "")

/** Kraken v2: the best ten asks, then the best ten bids, digits only, without leading zeros; unsigned. */
export const krakenChecksum = (
  bids: NumericLevels,
  asks: NumericLevels,
  priceDecimals: number,
  sizeDecimals: number,
): number => {
  const side = (levels: NumericLevels): string =>
    levels.slice(0, 10).map(([price, size]) => digits(price ?? 0, priceDecimals) + digits(size ?? 0, sizeDecimals))
      .join("")
  return crc32(side(asks) + side(bids))
}
