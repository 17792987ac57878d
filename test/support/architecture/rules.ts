/**
 * The architecture as rules: who may import whom, what may be mentioned where, how large files are, what they are called.
 * Comes in: the facts of every file of a tree. Goes out: one sentence for each violation, none for a sound tree.
 * Promises: a rule looks only at facts, so each can be shown to fail on a made-up tree.
 */
import { posix } from "node:path"
import type { Facts } from "./facts.ts"

/** A file that may mention something the rules keep to codecs and adapters, and why. */
export interface Exception {
  readonly path: string
  readonly mentions: string
  readonly because: string
}

const main = "src/main.ts"
const bridge = "src/layers/bridge.ts"

/** The parts of src in the order imports may point: a part sees those before it. */
const order = ["domain", "port", "actors", "streams", "programs", "surfaces", "main"]

/** The part of the architecture a file belongs to; of an adapter or a simulator also which one. */
const partOf = (path: string): { readonly part: string; readonly folder: string } => {
  const [top, first = "", second = "", third] = path.split("/")
  if (top !== "src") return { part: top === undefined ? "" : top, folder: "" }
  if (path === main) return { part: "main", folder: "" }
  if (first === "layers") {
    return third === undefined ? { part: "port", folder: "" } : { part: "adapter", folder: second }
  }
  if (first === "simulators") return { part: "simulator", folder: second }
  return { part: first, folder: "" }
}

/** A surface that speaks one vendor's language may see that vendor's adapter: the bot and its webhook are Telegram's. */
const ownAdapter: Readonly<Record<string, string>> = { bot: "telegram", http: "telegram" }

const mayImport = (from: string, to: string): boolean => {
  const importer = partOf(from)
  const imported = partOf(to)
  if (!to.startsWith("src/")) return !from.startsWith("src/")
  if (!from.startsWith("src/") || importer.part === "main") return true
  if (importer.part === imported.part && importer.folder === imported.folder) return true
  if (imported.part === "domain") return true
  if (importer.part === "simulator") return false
  if (importer.part === "adapter") return imported.part === "port"
  if (importer.part === "surfaces" && imported.part === "adapter") {
    return ownAdapter[from.split("/")[2] ?? ""] === imported.folder
  }
  if (imported.part === "adapter" || imported.part === "simulator") return importer.part === "programs"
  return order.indexOf(imported.part) >= 0 && order.indexOf(imported.part) < order.indexOf(importer.part)
}

/** Libraries that compute and touch nothing outside: a stage may use them as it uses Effect. */
const PURE_LIBRARIES: ReadonlySet<string> = new Set(["trading-signals"])

/** The inner parts know Effect and nothing of vendors; what a vendor's package does belongs into an adapter. */
const mayImportPackage = (from: string, name: string): boolean => {
  const { part } = partOf(from)
  const isEffect = name === "effect" || name.startsWith("effect/")
  if (part === "domain") return isEffect
  if (part === "streams" && PURE_LIBRARIES.has(name)) return true
  if (["port", "actors", "streams"].includes(part)) return isEffect || /^(node:|@effect\/)/.test(name)
  return true
}

export const importViolations = (files: ReadonlyArray<Facts>): Array<string> =>
  files.flatMap(({ path, imports }) =>
    imports
      .filter(({ to, relative }) => !(relative ? mayImport(path, to) : mayImportPackage(path, to)))
      .map(({ to }) => `${path} may not import ${to}`)
  )

export const unknownParts = (files: ReadonlyArray<Facts>): Array<string> =>
  files
    .filter(({ path }) => path.startsWith("src/"))
    .filter(({ path }) => ![...order, "adapter", "simulator"].includes(partOf(path).part))
    .map(({ path }) => `${path} belongs to no part of the architecture`)

/** Every import that closes a circle, with the circle. */
export const cycles = (files: ReadonlyArray<Facts>): Array<string> => {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const settled = new Set<string>()
  const found: Array<string> = []
  const visit = (path: string, trail: ReadonlyArray<string>): void => {
    const at = trail.indexOf(path)
    if (at >= 0) found.push(`cycle: ${[...trail.slice(at), path].join(" -> ")}`)
    if (at >= 0 || settled.has(path)) return
    for (const { to, relative } of byPath.get(path)?.imports ?? []) if (relative) visit(to, [...trail, path])
    settled.add(path)
  }
  for (const { path } of files) visit(path, [])
  return found
}

/** 3 to 8 lines for a file of src (an actor's state machine may take 40); any header at all elsewhere. */
export const headerViolations = (files: ReadonlyArray<Facts>): Array<string> =>
  files.flatMap(({ path, headerLines }) => {
    const [least, most] = !path.startsWith("src/") ? [1, 40] : path.startsWith("src/actors/") ? [3, 40] : [3, 8]
    if (headerLines >= least && headerLines <= most) return []
    return [`${path} opens with a header of ${headerLines} lines, not ${least} to ${most}`]
  })

const quantile = (sorted: ReadonlyArray<number>, share: number) =>
  sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0

export const sizeViolations = (files: ReadonlyArray<Facts>): Array<string> => {
  const sorted = files.filter(({ path }) => path.startsWith("src/")).map(({ lines }) => lines).sort((a, b) => a - b)
  const [median, p90] = [quantile(sorted, 0.5), quantile(sorted, 0.9)]
  return [
    ...files.filter(({ lines }) => lines > 600).map(({ path, lines }) => `${path} has ${lines} lines, more than 600`),
    ...median > 150 ? [`the median file of src has ${median} lines, more than 150`] : [],
    ...p90 > 350 ? [`a tenth of the files of src has more than ${p90} lines; at most 350`] : [],
  ]
}

const vague = /^(utils?|commons?|helpers?|misc|managers?)$/i

/** Names that say nothing, as a word of a file's or folder's name. */
export const nameViolations = (files: ReadonlyArray<Facts>): Array<string> =>
  files
    .filter(({ path }) =>
      path.replace(/\.ts$/, "").split(/[/._-]|(?<=[a-z0-9])(?=[A-Z])/).some((word) => vague.test(word))
    )
    .map(({ path }) => `${path} has a vague name`)

/** Time, chance, settings and decoding come from Effect; adapters meet the world and may name what the world gives. */
export const mentionViolations = (files: ReadonlyArray<Facts>, allowed: ReadonlyArray<Exception>): Array<string> =>
  files.filter(({ path }) => path.startsWith("src/")).flatMap(({ path, mentions }) =>
    [...mentions]
      .filter((mention) => {
        if (/\.run[A-Z]/.test(mention)) return path !== main && path !== bridge
        if (partOf(path).part === "adapter" && ["JSON.parse", "Date.now"].includes(mention)) return false
        return !allowed.some((exception) => exception.path === path && exception.mentions === mention)
      })
      .map((mention) => `${path} may not mention ${mention}`)
  )

export const evasionViolations = (files: ReadonlyArray<Facts>): Array<string> =>
  files.flatMap(({ path, evasions }) => evasions.map((evasion) => `${path} silences the compiler: ${evasion}`))

/** Exceptions that nothing needs any more. */
export const staleExceptions = (files: ReadonlyArray<Facts>, allowed: ReadonlyArray<Exception>): Array<string> =>
  allowed
    .filter(({ path, mentions }) => !files.some((file) => file.path === path && file.mentions.has(mentions)))
    .map(({ path, mentions }) => `${path} no longer mentions ${mentions}: drop its exception`)

/** Relative imports that lead to no file. */
export const missingTargets = (files: ReadonlyArray<Facts>): Array<string> => {
  const known = new Set(files.map(({ path }) => path))
  return files.flatMap(({ path, imports }) =>
    imports
      .filter(({ to, relative }) => relative && posix.extname(to) === ".ts" && !known.has(to))
      .map(({ to }) => `${path} imports ${to}, which is not there`)
  )
}
