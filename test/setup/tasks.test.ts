/**
 * One set of commands whichever runtime: deno.json, package.json, both lock files, the guides, the guard for an old Node.
 * Comes in: those files. Goes out: where they disagree. Promises: nothing is installed, downloaded or started.
 */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { runInNewContext } from "node:vm"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"

const root = fileURLToPath(new URL("../../", import.meta.url))
const read = (path: string) => readFileSync(join(root, path), "utf8")

const Texts = Schema.Record(Schema.String, Schema.String)
const Manifest = Schema.Struct({
  scripts: Texts,
  dependencies: Texts,
  devDependencies: Texts,
  engines: Schema.Struct({ node: Schema.String }),
  allowScripts: Schema.Record(Schema.String, Schema.Boolean),
})
const DenoJson = Schema.Struct({ tasks: Texts })
const DenoLock = Schema.Struct({ specifiers: Texts })
const NpmPackage = Schema.Struct({ version: Schema.optionalKey(Schema.String) })
const NpmLock = Schema.Struct({ packages: Schema.Record(Schema.String, NpmPackage) })

const manifest = Schema.decodeUnknownSync(Schema.fromJsonString(Manifest))(read("package.json"))
const { tasks } = Schema.decodeUnknownSync(Schema.fromJsonString(DenoJson))(read("deno.json"))
const denoLock = Schema.decodeUnknownSync(Schema.fromJsonString(DenoLock))(read("deno.lock"))
const npmLock = Schema.decodeUnknownSync(Schema.fromJsonString(NpmLock))(read("package-lock.json"))
const dependencies = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })

/** What the guard does on a Node of that version: its lines on stderr and its exit code. */
const guardOn = (version: string) => {
  const lines: Array<string> = []
  const codes: Array<number> = []
  runInNewContext(read("scripts/require-node.cjs"), {
    require: (path: string) => ({ "../package.json": manifest })[path],
    process: { versions: { node: version }, env: {}, exit: (code: number) => codes.push(code) },
    console: { error: (line: string) => lines.push(line) },
  })
  return { lines, codes }
}

describe("the tasks", () => {
  it("have the same names on Deno and on Node", () => {
    expect(Object.keys(tasks)).toEqual(Object.keys(manifest.scripts))
    expect(Object.keys(tasks)).toEqual(expect.arrayContaining(["demo", "run", "test", "check", "bench", "arbedge"]))
  })

  it("start files that exist", () => {
    for (const command of [...Object.values(tasks), ...Object.values(manifest.scripts)]) {
      for (const [path] of command.matchAll(/(?<![\w/])(src|scripts|bench|\.ci)\/[\w./-]+/g)) {
        expect(existsSync(join(root, path)), path).toBe(true)
      }
    }
  })

  it("are the ones that the guides name", () => {
    for (const guide of ["README.md", "CONTRIBUTING.md"]) {
      for (const [, task = ""] of read(guide).matchAll(/\bdeno(?:@[\d.]+)? task ([a-z]+)/g)) {
        expect(Object.keys(tasks), guide).toContain(task)
      }
    }
  })

  it("stop on an old Node before anything else happens", () => {
    const onNode = Object.entries(manifest.scripts).filter(([, command]) =>
      /\bnode (src|bench|node_modules)/.test(command)
    )
    expect(onNode.length).toBeGreaterThanOrEqual(5)
    for (const [name, command] of onNode) expect(command, name).toMatch(/^node scripts\/require-node\.cjs && /)
  })
})

describe("the guard for an old Node", () => {
  it("says one line and exits with 1 below the version of package.json", () => {
    for (const version of ["0.10.48", "18.20.0", "20.20.2", "22.18.0"]) {
      const { lines, codes } = guardOn(version)
      expect(codes).toEqual([1])
      expect(lines).toHaveLength(1)
      expect(lines[0]).toMatch(new RegExp(`>= 22\\.19 .* Node ${version}: .*npx -y deno@[\\d.]+ task test`))
      expect(lines[0]).not.toContain("\n")
    }
  })

  it("says nothing from that version on", () => {
    for (const version of ["22.19.0", "22.20.1", "23.0.0", "24.9.0", "100.0.0"]) {
      expect(guardOn(version)).toEqual({ lines: [], codes: [] })
    }
  })

  it("uses no syntax that an old Node cannot read", () => {
    expect(read("scripts/require-node.cjs")).not.toMatch(/=>|\bconst\b|\blet\b|\?\.|\?\?|\$\{/)
  })
})

describe("the dependencies", () => {
  it("are pinned exactly, and both lock files hold just that version", () => {
    for (const [name, version] of dependencies) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+$/)
      expect(denoLock.specifiers[`npm:${name}@${version}`], name).toMatch(new RegExp(`^${version}(_|$)`))
      expect(npmLock.packages[`node_modules/${name}`]?.version, name).toBe(version)
    }
  })

  it("run none of their install scripts", () => {
    expect(Object.values(manifest.allowScripts)).not.toContain(true)
  })

  it("are tested by the vitest that the task names", () => {
    expect(tasks["test"]).toContain(`npm:vitest@${manifest.devDependencies["vitest"]}`)
  })
})
