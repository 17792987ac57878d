/** Menus on the plugin: what a tap meant, whatever has changed since, within 64 opaque bytes. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as Keyboard from "../../../../src/surfaces/bot/menus/Keyboard.ts"
import type { Drawn, Item } from "../../../../src/surfaces/bot/menus/Menu.ts"

const done = Effect.succeed({})
const item = (text: string): Item => ({ text, press: done })

const keyboards = Keyboard.make(["first", "longest-name"])
const drawn: Drawn = {
  html: "Which?",
  rows: [[item("A"), item("B")], [{ text: "Site", url: "https://example.org/" }], [], [{
    text: "On",
    to: { menu: "first" },
  }]],
}

/** Callback data of all buttons that have one. */
const dataOf = (target: { menu: string; param?: string }, of: Drawn) =>
  Effect.map(
    keyboards.buttons(target, of),
    (rows) => rows.flat().flatMap((each) => "url" in each ? [] : [each.callback_data]),
  )

const meant = (data: string, of: Drawn) =>
  Effect.map(keyboards.tapped(data, of), (found) =>
    Option.match(found, {
      onNone: () => "nothing",
      onSome: (each) => each._tag === "Outdated" ? "outdated" : each.item.text,
    }))

describe("A menu's keyboard", () => {
  it.effect("gives each button back as the one that was tapped, in opaque data that fits", () =>
    Effect.gen(function* () {
      for (const target of [{ menu: "first" }, { menu: "longest-name", param: "sixteen letters!" }]) {
        const data = yield* dataOf(target, drawn)
        assert.deepStrictEqual(yield* Effect.forEach(data, (each) => meant(each, drawn)), ["A", "B", "On"])
        for (const each of data) {
          assert.match(each, /^m\.[\w-]+$/)
          assert.isAtMost(each.length, 64)
          assert.deepStrictEqual(Keyboard.targetOf(each), Option.some({ param: "", ...target }))
        }
      }
    }))

  it.effect("calls a tap outdated once the text, a button or the stated state has changed", () =>
    Effect.gen(function* () {
      const [data = ""] = yield* dataOf({ menu: "first" }, drawn)
      const changed: ReadonlyArray<Drawn> = [
        { ...drawn, html: "Which one?" },
        { ...drawn, rows: [[item("A"), item("C")], ...drawn.rows.slice(1)] },
        { ...drawn, rows: [] },
        { ...drawn, state: "2" },
      ]
      for (const each of changed) assert.strictEqual(yield* meant(data, each), "outdated")
      const timed = { ...drawn, state: "1" }
      const [lasting = ""] = yield* dataOf({ menu: "first" }, timed)
      assert.strictEqual(yield* meant(lasting, { ...timed, html: "It is 12:01" }), "A")
    }))

  it.effect("takes nothing from data that was not made here, and keeps menus apart", () =>
    Effect.gen(function* () {
      const [data = ""] = yield* dataOf({ menu: "first" }, drawn)
      const forged = ["m.", "m.!!", "m.Zmlyc3Q", `${data}A`, data.slice(0, -4), "m.Zmlyc3QvZmYvZmYvL2ZhYWFh"]
      for (const each of forged) assert.oneOf(yield* meant(each, drawn), ["nothing", "outdated"])
      const [other = ""] = yield* dataOf({ menu: "longest-name" }, drawn)
      assert.notStrictEqual(other, data)
    }))

  it.effect("holds its hashes through JSON and our intake, whatever bytes they have", () =>
    Effect.gen(function* () {
      for (let each = 0; each < 300; each++) {
        const many = { ...drawn, state: `${each}` }
        const [data = ""] = yield* dataOf({ menu: "longest-name", param: "sixteen letters!" }, many)
        assert.isAtMost(data.length, 60)
        assert.strictEqual(yield* meant(JSON.parse(JSON.stringify(data)).replaceAll("\u0000", ""), many), "A")
      }
    }))
})
