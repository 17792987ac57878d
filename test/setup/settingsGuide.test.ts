/**
 * docs/guides/settings.md is made from the settings themselves, and this test holds it to them.
 *
 * Comes in: `FIELDS` and the guide. Goes out: with ARBEDGE_UPDATE_DOCS=1 the guide, written anew; else a failure if it
 * is not what would be written.
 */
import { ConfigProvider, Effect, Redacted } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { FIELDS, settings } from "../../src/domain/Settings.ts"

const path = fileURLToPath(new URL("../../docs/guides/settings.md", import.meta.url))

const cell = (text: string): string => text.replaceAll("|", "\\|")
const shown = (fallback: string): string => fallback === "-" ? "unset" : fallback === "" ? "empty" : `\`${fallback}\``

const guide = `# Settings

Every setting is an environment variable. Nothing needs to be set: then everything runs in one process, with the bus and
the store inside it. \`arbedge doctor\` says whether what is set works; a bad value is refused with its variable's name.
Secrets (tokens, URLs with passwords) are never printed or logged.

This page is made from \`src/domain/Settings.ts\`; write it anew with \`ARBEDGE_UPDATE_DOCS=1\` and the test
\`test/setup/settingsGuide.test.ts\`.

| Variable | Default | What it is |
|---|---|---|
${
  Object.values(FIELDS).map(({ doc, fallback, variable }) => `| \`${variable}\` | ${shown(fallback)} | ${cell(doc)} |`)
    .join("\n")
}

Lists are separated by commas. Only tests and benchmarks read \`ARBEDGE_DATA\` (a folder with recorded market data).
`

const read = (environment: Readonly<Record<string, string>>) =>
  Effect.runPromise(
    Effect.provideService(settings, ConfigProvider.ConfigProvider, ConfigProvider.fromEnvRecord(environment)),
  )

describe("The guide to the settings", () => {
  it("says what the settings say", () => {
    if (process.env["ARBEDGE_UPDATE_DOCS"] === "1") writeFileSync(path, guide)
    expect(readFileSync(path, "utf8"), "stale: run this test with ARBEDGE_UPDATE_DOCS=1").toBe(guide)
  })

  it("tells the defaults that are really taken", async () => {
    const taken = await read({})
    for (const [name, { fallback }] of Object.entries(FIELDS)) {
      const value = Object.entries(taken).find(([field]) => field === name)?.[1]
      if (fallback !== "-") expect(Array.isArray(value) ? value.join(",") : String(value), name).toBe(fallback)
      else expect(value, name).toMatchObject({ _tag: "None" })
    }
  })

  it("names every field once, each with the prefix", () => {
    const variables = Object.values(FIELDS).map(({ variable }) => variable)
    expect(new Set(variables).size).toBe(variables.length)
    expect(variables.every((variable) => /^ARBEDGE_[A-Z_]+$/.test(variable))).toBe(true)
  })

  it("is right that a secret is never printed", async () => {
    const { telegramToken } = await read({ ARBEDGE_TELEGRAM_TOKEN: "12:hidden" })
    expect(JSON.stringify(telegramToken)).not.toContain("hidden")
    expect(telegramToken).toMatchObject({ _tag: "Some" })
    expect(String(Redacted.make("hidden"))).not.toContain("hidden")
  })
})
