/**
 * The architecture, checked: imports point one way, files are small and say what they are, nothing evades the rules.
 * Comes in: the project's own sources, and small made-up trees that each break one rule.
 * Promises: each rule is shown to fail before it is trusted to pass.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { type Facts, factsOf } from "./support/architecture/facts.ts"
import {
  cycles,
  evasionViolations,
  type Exception,
  headerViolations,
  importViolations,
  mentionViolations,
  missingTargets,
  nameViolations,
  sizeViolations,
  staleExceptions,
  unknownParts,
} from "./support/architecture/rules.ts"

/** The files outside adapters that may name what the rules keep away, and why. */
const exceptions: ReadonlyArray<Exception> = [
  { path: "src/domain/TickCodec.ts", mentions: "JSON.parse", because: "the codec of ticks" },
  { path: "src/domain/Frame.ts", mentions: "JSON.parse", because: "the codec of frames" },
]

const root = fileURLToPath(new URL("../", import.meta.url))

const sourcesUnder = (folder: string): Array<Facts> => {
  const names = readdirSync(root, { withFileTypes: true }).some((entry) => entry.name === folder)
    ? readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    : []
  return names
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".ts") && !path.includes("/fixtures/"))
    .sort()
    .map((path) => factsOf(path, readFileSync(join(root, path), "utf8")))
}

const src = sourcesUnder("src")
const everything = [...src, ...["test", "bench", "examples"].flatMap(sourcesUnder)]

describe("the sources", () => {
  it("import in one direction only, and never a vendor's package from the inside", () => {
    expect(importViolations(everything)).toEqual([])
  })
  it("belong to a part of the architecture and import what is there", () => {
    expect([...unknownParts(src), ...missingTargets(everything)]).toEqual([])
  })
  it("form no cycle", () => expect(cycles(src)).toEqual([]))
  it("open with a header that says what the file is", () => expect(headerViolations(everything)).toEqual([]))
  it("are small", () => expect(sizeViolations(everything)).toEqual([]))
  it("have names that say something", () => expect(nameViolations(everything)).toEqual([]))
  it("take time, chance and settings from Effect, and run effects in one place", () => {
    expect(mentionViolations(src, exceptions)).toEqual([])
    expect(staleExceptions(src, exceptions)).toEqual([])
  })
  it("never silence the compiler", () => expect(evasionViolations(everything)).toEqual([]))
})

const header = "/**\n * Owns.\n * In.\n * Out.\n */\n"

/** A made-up tree: text by path, each with a sound header before it. */
const tree = (files: Readonly<Record<string, string>>) =>
  Object.entries(files).map(([path, text]) => factsOf(path, header + text))

describe("the rule on imports", () => {
  const refused: ReadonlyArray<readonly [from: string, to: string, why: string]> = [
    ["src/domain/Tick.ts", "../layers/Bus.ts", "the domain sees no port"],
    ["src/layers/Bus.ts", "../actors/Session.ts", "a port sees no actor"],
    ["src/layers/Bus.ts", "./nats/Bus.ts", "a port sees no implementation"],
    ["src/layers/nats/Bus.ts", "../sql/store/Users.ts", "an adapter sees no other adapter"],
    ["src/layers/nats/Bus.ts", "../../streams/Detect.ts", "an adapter sees no stage"],
    ["src/actors/Session.ts", "../streams/Detect.ts", "an actor sees no stage"],
    ["src/streams/Detect.ts", "../programs/Demo.ts", "a stage sees no program"],
    ["src/streams/Detect.ts", "../layers/nats/Bus.ts", "a stage sees no implementation"],
    ["src/programs/Demo.ts", "../surfaces/cli/demo.ts", "a program sees no surface"],
    ["src/surfaces/bot/start.ts", "../../main.ts", "nothing sees main"],
    ["src/surfaces/cli/run.ts", "../../layers/nats/Bus.ts", "a surface sees no implementation"],
    ["src/surfaces/bot/start.ts", "../../layers/nats/Bus.ts", "the bot sees no adapter but Telegram's"],
    ["src/surfaces/bot/start.ts", "../../simulators/venues/Market.ts", "a surface sees no simulator"],
    ["src/simulators/venues/Market.ts", "../../layers/Bus.ts", "a simulator sees no port"],
    ["src/simulators/venues/Market.ts", "../telegram/Api.ts", "a simulator sees no other simulator"],
    ["src/streams/Detect.ts", "../../test/support/probes.ts", "sources see no tests"],
    ["src/domain/Tick.ts", "node:crypto", "the domain sees only Effect"],
    ["src/streams/Detect.ts", "ccxt", "a stage sees no vendor"],
    ["src/domain/Candles.ts", "trading-signals", "the domain sees no library that computes either"],
    ["src/domain/Tick.ts", "effective", "a package whose name begins like Effect is not Effect"],
  ]
  for (const [from, to, why] of refused) {
    it(`holds that ${why}`, () => {
      for (
        const text of [`import "${to}"`, `import type { A } from "${to}"`, `export * from "${to}"`, `import("${to}")`]
      ) {
        expect(importViolations(tree({ [from]: text }))).toHaveLength(1)
      }
    })
  }

  it("lets each part see what lies before it", () => {
    const sound = tree({
      "src/domain/Tick.ts": 'import "effect"; import "effect/Schema"; import "./Book.ts"',
      "src/layers/Bus.ts": 'import "../domain/Tick.ts"; import "./bridge.ts"; import "node:crypto"',
      "src/layers/nats/Bus.ts": 'import "../Bus.ts"; import "./inner/Codec.ts"; import "@nats-io/jetstream"',
      "src/actors/Session.ts": 'import "../layers/Store.ts"; import "../domain/User.ts"; import "./UserQueue.ts"',
      "src/streams/Detect.ts": 'import "../actors/Coordinator.ts"; import "./detectors/Funding.ts"',
      "src/streams/detectors/Indicators.ts": 'import "trading-signals"',
      "src/programs/Demo.ts": 'import "../streams/Pipeline.ts"; import "../simulators/venues/Market.ts"',
      "src/surfaces/bot/help.ts": 'import "../../layers/telegram/Html.ts"',
      "src/surfaces/cli/demo.ts": 'import "../../programs/Demo.ts"; import "../bot/start.ts"; import "grammy"',
      "src/simulators/venues/Market.ts": 'import "../../domain/Book.ts"; import "./Faults.ts"',
      "src/main.ts": 'import "./layers/nats/Bus.ts"; import "./surfaces/cli/demo.ts"',
      "test/domain/Tick.test.ts": 'import "../../src/domain/Tick.ts"; import "../../src/simulators/venues/Market.ts"',
    })
    expect(importViolations(sound)).toEqual([])
  })

  it("reports a file that belongs nowhere and an import that leads nowhere", () => {
    const stray = tree({ "src/extras/Thing.ts": 'import "../domain/Nothing.ts"' })
    expect([...unknownParts(stray), ...missingTargets(stray)]).toHaveLength(2)
  })
})

describe("the rule on cycles", () => {
  it("finds a circle of three and names its files in order", () => {
    const circle = tree({
      "src/domain/A.ts": 'import "./B.ts"',
      "src/domain/B.ts": 'import type { C } from "./C.ts"',
      "src/domain/C.ts": 'export * from "./A.ts"',
      "src/domain/D.ts": 'import "./A.ts"',
    })
    expect(cycles(circle)).toEqual(["cycle: src/domain/A.ts -> src/domain/B.ts -> src/domain/C.ts -> src/domain/A.ts"])
  })
  it("takes two ways to one file for no circle", () => {
    const diamond = tree({
      "src/domain/A.ts": 'import "./B.ts"; import "./C.ts"',
      "src/domain/B.ts": 'import "./D.ts"',
      "src/domain/C.ts": 'import "./D.ts"',
      "src/domain/D.ts": "",
    })
    expect(cycles(diamond)).toEqual([])
  })
})

describe("the rule on headers", () => {
  const lines = (path: string, text: string) => headerViolations([factsOf(path, text)]).length
  it("refuses a file without one, with one too short, too long, or not at the top", () => {
    expect(lines("src/domain/A.ts", "const a = 1")).toBe(1)
    expect(lines("src/domain/A.ts", "/** Short. */\nconst a = 1")).toBe(1)
    expect(lines("src/domain/A.ts", `/**\n${" * Line.\n".repeat(9)} */\n`)).toBe(1)
    expect(lines("src/domain/A.ts", `const a = 1\n${header}`)).toBe(1)
  })
  it("takes a block, a run of line comments, and either after a shebang", () => {
    expect(lines("src/domain/A.ts", header)).toBe(0)
    expect(lines("src/domain/A.ts", "// Owns.\n// In.\n// Out.\nconst a = 1")).toBe(0)
    expect(lines("src/main.ts", `#!/usr/bin/env node\n${header}`)).toBe(0)
  })
  it("lets an actor's state machine take more room", () => {
    expect(lines("src/actors/Session.ts", `/**\n${" * Line.\n".repeat(30)} */\n`)).toBe(0)
  })
})

describe("the rules on size and names", () => {
  const sized = (...sizes: ReadonlyArray<number>) =>
    sizeViolations(sizes.map((lines, index) => factsOf(`src/domain/F${index}.ts`, "\n".repeat(lines))))

  it("refuses a file of 601 lines, a median of 151 and a ninetieth percentile of 351", () => {
    expect(sized(10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 601)).toHaveLength(1)
    expect(sized(10, 151, 151)).toHaveLength(1)
    expect(sized(10, 10, 351)).toHaveLength(1)
    expect(sized(150, 150, 150, 150, 150, 150, 150, 150, 350, 600)).toEqual([])
  })
  it("refuses names that say nothing, as a file, a folder or a word of a name", () => {
    const vague = ["src/domain/utils.ts", "src/helpers/A.ts", "src/actors/SessionManager.ts", "test/common/a.test.ts"]
    for (const path of vague) expect(nameViolations(tree({ [path]: "" }))).toHaveLength(1)
    expect(nameViolations(tree({ "src/domain/Managerial.ts": "", "src/domain/Commons0.ts": "" }))).toEqual([])
  })
})

describe("the rule on what may be mentioned", () => {
  const mentions = (path: string, text: string, allowed: ReadonlyArray<Exception> = []) =>
    mentionViolations(tree({ [path]: text }), allowed)

  it("keeps the clock, chance, the environment and bare parsing out of the inside", () => {
    const inside = ["Date.now()", "new Date()", "Math.random()", "process.env.A", "Deno.env", 'JSON.parse("1")']
    for (const text of inside) expect(mentions("src/streams/Detect.ts", text)).toHaveLength(1)
    expect(mentions("src/streams/Detect.ts", 'new Date(5); "Date.now()"; JSON.stringify(1) // Math.random')).toEqual([])
  })
  it("lets adapters read the clock and parse, but not roll dice or read the environment", () => {
    expect(mentions("src/layers/ccxt/Feed.ts", 'Date.now(); JSON.parse("1")')).toEqual([])
    expect(mentions("src/layers/ccxt/Feed.ts", "Math.random(); process.env.A")).toHaveLength(2)
  })
  it("lets effects run in main and in the bridge only", () => {
    expect(mentions("src/streams/Detect.ts", "Effect.runPromise(a)")).toHaveLength(1)
    expect(mentions("src/layers/nats/Bus.ts", "runtime.runForkWith(a)")).toHaveLength(1)
    expect(mentions("src/layers/bridge.ts", "Effect.runForkWith(a)")).toEqual([])
    expect(mentions("src/streams/Detect.ts", "Stream.runForEach(a)")).toEqual([])
  })
  it("honours a named exception, and reports it once nothing needs it", () => {
    const allowed = [{ path: "src/domain/TickCodec.ts", mentions: "JSON.parse", because: "a codec" }]
    expect(mentions("src/domain/TickCodec.ts", 'JSON.parse("1")', allowed)).toEqual([])
    expect(mentions("src/domain/Tick.ts", 'JSON.parse("1")', allowed)).toHaveLength(1)
    expect(staleExceptions(tree({ "src/domain/TickCodec.ts": "" }), allowed)).toHaveLength(1)
  })
})

describe("the rule on the compiler", () => {
  it("refuses any, casts through unknown or to never, and comments that quiet it", () => {
    const evasions = ["let a: any", "b as any", "b as unknown as string", "b as never", "// @ts-" + "ignore\n b"]
    for (const text of evasions) expect(evasionViolations(tree({ "src/domain/A.ts": text }))).toHaveLength(1)
    expect(evasionViolations(tree({ "src/domain/A.ts": 'b as const; const any = "any" // any' }))).toEqual([])
  })
})
