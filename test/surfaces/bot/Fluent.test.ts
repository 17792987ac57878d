/** Texts in Fluent: what all languages must have in common. */
import { assert, describe, it } from "@effect/vitest"
import { FluentResource } from "@fluent/bundle"
import { readdirSync, readFileSync } from "node:fs"
import { html, plain } from "../../../src/surfaces/bot/texts/Fluent.ts"

const texts = new URL("../../../src/surfaces/bot/texts/", import.meta.url)

/** Every pattern of a language, by "id" or "id.attribute", as a text in which its variables can be found. */
const patterns = (language: string): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  for (const file of readdirSync(new URL(`${language}/`, texts))) {
    for (
      const { attributes, id, value } of new FluentResource(readFileSync(new URL(`${language}/${file}`, texts), "utf8"))
        .body
    ) {
      if (found.has(id)) throw new Error(`${language}/${file} says ${id} again`)
      found.set(id, JSON.stringify(value))
      for (const [name, pattern] of Object.entries(attributes)) found.set(`${id}.${name}`, JSON.stringify(pattern))
    }
  }
  return found
}

const variables = (pattern: string | undefined): ReadonlyArray<string> =>
  [...new Set([...(pattern ?? "").matchAll(/"type":"var","name":"(\w+)"/g)].map(([, name = ""]) => name))].sort()

/** Ids that the sources write out in calls of `html` and `plain`. */
const named = (): ReadonlyArray<string> => {
  const folder = new URL("../../../src/", import.meta.url)
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .flatMap((
      file,
    ) => [...readFileSync(new URL(file, folder), "utf8").matchAll(/\b(?:html|plain)\(\s*[\w.]+,\s*"([\w.-]+)"/g)])
    .map(([, id = ""]) => id)
}

describe("the texts in Fluent", () => {
  const en = patterns("en")
  const ru = patterns("ru")

  it("are the same in every language, with the same arguments", () => {
    assert.deepStrictEqual([...ru.keys()].sort(), [...en.keys()].sort())
    for (const [id, pattern] of en) assert.deepStrictEqual(variables(ru.get(id)), variables(pattern), id)
  })

  it("have every message that the sources name", () => {
    assert.deepStrictEqual(named().filter((id) => !en.has(id)), [])
  })

  it("escape what is foreign in HTML, and leave it alone in plain text", () => {
    assert.strictEqual(plain("ru", "command-start"), "Начать или продлить сессию")
    assert.strictEqual(html("en", "command-start"), "Start or renew your session")
    assert.throws(() => plain("en", "no-such-text"), /no text "no-such-text" in en/)
  })
})
