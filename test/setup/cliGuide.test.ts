/**
 * docs/guides/cli.md against the program's own help: every command has its section, every flag its row, and none is told
 * that does not exist.
 *
 * Comes in: the guide, and what `--help` prints.
 */
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { arbedge } from "../surfaces/cli/inProcess.ts"

const guide = readFileSync(fileURLToPath(new URL("../../docs/guides/cli.md", import.meta.url)), "utf8")

/** Sections of the guide by their title. */
const sections = new Map(
  guide.split(/^## /m).slice(1).map((text) => {
    const end = text.indexOf("\n")
    return [text.slice(0, end), text.slice(end)] as const
  }),
)

const help = async (...args: ReadonlyArray<string>): Promise<string> =>
  // deno-lint-ignore no-control-regex -- colours
  (await Effect.runPromise(arbedge([...args, "--help"]))).stdout.replace(/\u001b\[[0-9;]*m/g, "")

const part = (text: string, title: string): string => text.split(`${title}\n`)[1]?.split(/\n\n/)[0] ?? ""
const commands = [...part(await help(), "SUBCOMMANDS").matchAll(/^ {2}([a-z]+) /gm)].map(([, name = ""]) => name)

const flagsIn = (text: string, pattern: RegExp) =>
  [...new Set([...text.matchAll(pattern)].map(([, flag = ""]) => flag))].sort()

describe("The guide to the command line", () => {
  it("has a section for each command, in the order of the help", () => {
    expect(commands.length).toBeGreaterThan(5)
    expect([...sections.keys()].toSorted()).toEqual(commands.toSorted())
  })

  for (const command of commands) {
    it(`tells the flags of ${command}, and no others`, async () => {
      const real = flagsIn(part(await help(command), "\nFLAGS"), /^ {2}(--[a-z-]+)/gm)
      const told = flagsIn(sections.get(command) ?? "", /^\| `(--[a-z-]+)/gm)
      expect(told).toEqual(real)
    })
  }
})
