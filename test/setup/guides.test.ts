/**
 * The guides against the tree: what README, ARCHITECTURE, CONTRIBUTING and docs/ point at is there.
 * Comes in: every Markdown file of the project. Goes out: links and paths that lead nowhere, decisions no index names.
 * Promises: only paths inside the project are looked at; nothing is fetched.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"

const root = fileURLToPath(new URL("../../", import.meta.url))
const read = (path: string) => readFileSync(join(root, path), "utf8")
const list = (folder: string) => readdirSync(join(root, folder), { withFileTypes: true })

const docs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).map((name) => `docs/${name}`)
const guides = [...readdirSync(root), ...docs].filter((path) => path.endsWith(".md"))

describe("the guides", () => {
  it("link only to files that exist", () => {
    const broken = guides.flatMap((guide) =>
      [...read(guide).matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g)]
        .map(([, target = ""]) => target)
        .filter((target) => !existsSync(resolve(root, dirname(guide), target)))
        .map((target) => `${guide} links to ${target}`)
    )
    expect(broken).toEqual([])
  })

  it("name only sources that exist", () => {
    const broken = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].flatMap((guide) =>
      [...read(guide).matchAll(/`((?:src|test|bench|scripts)\/[\w./-]+?)\/?`/g)]
        .map(([, path = ""]) => path)
        .filter((path) => !existsSync(join(root, path)) && !/\/([nN]ame)\b/.test(path))
        .map((path) => `${guide} names ${path}`)
    )
    expect(broken).toEqual([])
  })

  it("name every folder of implementations, simulators and surfaces in ARCHITECTURE.md", () => {
    const tree = read("ARCHITECTURE.md").match(/## The tree([\s\S]*?)## /)?.[1] ?? ""
    const folders = ["src/layers", "src/simulators", "src/surfaces"]
      .filter((folder) => existsSync(join(root, folder)))
      .flatMap((folder) => list(folder).filter((entry) => entry.isDirectory()).map(({ name }) => name))
    expect(folders.filter((folder) => !new RegExp(`\\b${folder}\\b`).test(tree))).toEqual([])
  })

  it("index every decision once, under its number and title", () => {
    const index = read("docs/decisions/README.md")
    const decisions = list("docs/decisions").map(({ name }) => name).filter((name) => /^\d/.test(name)).sort()
    const numbers = decisions.map((name) => name.slice(0, 4))
    expect(new Set(numbers).size).toBe(numbers.length)
    for (const name of decisions) {
      expect(index).toContain(`[${name.slice(0, 4)}](${name})`)
      expect(read(`docs/decisions/${name}`)).toMatch(new RegExp(`^# ${name.slice(0, 4)}: `))
    }
  })
})
