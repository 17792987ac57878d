/** One side of a book against the plainest way to keep one: a map that is sorted whenever somebody looks. */
import { describe, expect, it } from "vitest"
import { BookSide } from "../../src/domain/BookSide.ts"
import * as Levels from "../../src/domain/Levels.ts"
import type { Level } from "../../src/domain/Tick.ts"

/** The same numbers in every run. */
const numbers = (seed: number) => (below: number): number => {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
  return Math.floor(seed / 0x1_0000_0000 * below)
}

for (const side of ["bids", "asks"] as const) {
  describe(`a side of ${side}`, () => {
    it("keeps the same levels in the same order as a sorted map, whatever comes", () => {
      const next = numbers(7)
      const kept = new BookSide(side), plain = new Map<string, Level>()
      for (let step = 0; step < 5_000; step++) {
        const level: Level = [`${100 + next(60)}.5`, next(3) === 0 ? "0" : `0.${1 + next(9)}`]
        if (step % 2 === 0) kept.change([level])
        else kept.change(Levels.pack([level], side))
        if (level[1] === "0") plain.delete(level[0])
        else plain.set(level[0], level)
        const sign = side === "bids" ? -1 : 1
        const sorted = [...plain.values()].sort((a, b) => sign * (Number(a[0]) - Number(b[0])))
        expect(kept.best).toBe(sorted[0] === undefined ? undefined : Number(sorted[0][0]))
        if (step % 50 === 0) expect(kept.levels()).toEqual(sorted)
      }
    })

    it("is as deep as a sorted map when many levels come in one text, whenever somebody looks", () => {
      const next = numbers(11)
      const kept = new BookSide(side), plain = new Map<string, Level>()
      const sign = side === "bids" ? -1 : 1
      const sorted = () => [...plain.values()].sort((a, b) => sign * (Number(a[0]) - Number(b[0])))
      for (let step = 0; step < 3_000; step++) {
        // The market wanders, so that now the best levels go and now they are far below the new ones.
        const around = 1_000 + Math.round(150 * Math.sin(step / 100))
        const levels = Array.from({ length: 24 }, (): Level => {
          const price = around + next(200) - 100
          const isGone = next(2) === 0 || (side === "bids" ? price > around : price < around)
          return [`${price}.5`, isGone ? "0" : `0.${1 + next(9)}`]
        })
        if (step % 500 === 499) {
          const snapshot = sorted().slice(0, 80)
          kept.fill(snapshot)
          plain.clear()
          for (const level of snapshot) plain.set(level[0], level)
        }
        kept.change(Levels.pack(levels, side))
        for (const level of levels) {
          if (level[1] === "0") plain.delete(level[0])
          else plain.set(level[0], level)
        }
        const best = sorted()
        expect(kept.best).toBe(best[0] === undefined ? undefined : Number(best[0][0]))
        if (step % 7 === 0) expect(kept.levels(5)).toEqual(best.slice(0, 5))
        if (step % 61 === 0) expect(kept.at(40)).toEqual(best[40])
        if (step % 97 === 0) expect(kept.length).toBe(best.length)
        if (step % 150 === 0) expect(kept.levels()).toEqual(best)
      }
    })

    it("takes a snapshot in any order and leaves out what has no size", () => {
      const kept = new BookSide(side)
      kept.fill([["2", "1"], ["3", "0.00"], ["1", "5"], ["4", "2"]])
      expect(kept.levels().map(([price]) => price)).toEqual(side === "bids" ? ["4", "2", "1"] : ["1", "2", "4"])
      expect(kept.levels(1)).toHaveLength(1)
      expect(kept.at(3)).toBeUndefined()
    })

    it("takes levels from a frame's text as it takes them one by one, zeros in any words included", () => {
      const fromText = new BookSide(side), oneByOne = new BookSide(side)
      const levels: ReadonlyArray<Level> = [["3", "1"], ["2", "0.10"], ["2.50", "7"], ["1", "4"], ["3.0", "0e5"], [
        "1e1",
        "2",
      ]]
      for (const chunk of [levels.slice(0, 4), levels.slice(4)]) {
        fromText.change(Levels.pack(chunk, side))
        for (const level of chunk) oneByOne.change([level])
      }
      expect(fromText.levels()).toEqual(oneByOne.levels())
      expect(fromText.levels().map(([price]) => price).toSorted()).toEqual(["1", "1e1", "2", "2.50"])
    })

    it("becomes one level by a quote, none by a quote without size, and deep again by a level", () => {
      const kept = new BookSide(side)
      kept.fill([["2", "1"], ["1", "5"]])
      kept.single("7", "1")
      kept.single("7", "3")
      expect([kept.length, kept.best, kept.at(0), kept.at(1)]).toEqual([1, 7, ["7", "3"], undefined])
      kept.change([["8", "1"]])
      expect(kept.levels()).toEqual(side === "bids" ? [["8", "1"], ["7", "3"]] : [["7", "3"], ["8", "1"]])
      kept.single("9", "0")
      expect([kept.length, kept.best, kept.levels()]).toEqual([0, undefined, []])
    })
  })
}
