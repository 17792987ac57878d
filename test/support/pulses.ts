/**
 * Recordings made by hand whose opportunities are known: on each asset one venue's price jumps up for a while, again and
 * again, so that buying on the other and selling there pays.
 *
 * In: how many, how long. Out: ticks in the order of their time, and how many opportunities they hold. Promises: figures
 * are constant within a pulse, so that nothing but its opening and its closing is worth telling; each pulse earns twice
 * what the one before did, so that it is told though the same was told just now.
 */
import { gzipSync } from "node:zlib"
import type { Tick } from "../../src/domain/Tick.ts"
import * as TickCodec from "../../src/domain/TickCodec.ts"
import { quote, T0 } from "./ticks.ts"

export interface Pulses {
  readonly assets: ReadonlyArray<string>
  readonly perAsset: number
  /** From one opening to the next of the same asset. */
  readonly everyMs: number
  readonly openMs: number
}

const QUOTE_EVERY_MS = 100
/** Enough for everybody: scarce depth would be shared by turns. */
const SIZE = 100
/** Quiet time before the first and after the last. */
const MARGIN_MS = 1_500

export const CONFIG = {
  fees: { a: { taker: "0" }, b: { taker: "0" } },
  lots: {},
  staleness: null,
  minNetBps: 5,
  hysteresis: true,
}

/** The last asset's turn ends almost a period after the first's. */
export const durationMs = ({ everyMs, perAsset }: Pulses): number => everyMs * (perAsset + 1) + 2 * MARGIN_MS

/** Assets take their turns evenly within a period. */
export const ticks = (pulses: Pulses): ReadonlyArray<Tick> => {
  const { assets, everyMs, openMs, perAsset } = pulses
  const out: Array<Tick> = []
  for (let at = 0; at < durationMs(pulses); at += QUOTE_EVERY_MS) {
    for (const [index, asset] of assets.entries()) {
      const since = at - MARGIN_MS - Math.floor(everyMs * index / assets.length)
      const isUp = since >= 0 && since < everyMs * perAsset && since % everyMs < openMs
      const instrument = `${asset}/USDT`, size = String(isUp ? SIZE * 2 ** Math.floor(since / everyMs) : SIZE)
      const sizes = { bidSize: size, askSize: size }
      out.push(quote("a", instrument, T0 + at + index, ["99.99", "100"], sizes))
      out.push(quote("b", instrument, T0 + at + index, isUp ? ["100.3", "100.31"] : ["99.99", "100"], sizes))
    }
  }
  return out
}

export const recording = (pulses: Pulses): Uint8Array =>
  gzipSync(ticks(pulses).map((tick) => `${TickCodec.toLine(tick)}\n`).join(""))

export const count = ({ assets, perAsset }: Pulses): number => assets.length * perAsset
