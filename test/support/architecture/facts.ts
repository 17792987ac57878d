/**
 * What the architecture rules need to know of one source file, read from its syntax tree.
 * Comes in: a path from the project root and the text. Goes out: its imports, header, length, and what it mentions.
 * Promises: text inside strings and comments never counts as code; a file that does not parse is an error.
 */
import { posix } from "node:path"
import { parseSync, Visitor } from "vite"

/** One file, reduced to facts. Lines count from 1; `to` of a relative import is a path from the project root. */
export interface Facts {
  readonly path: string
  readonly lines: number
  /** Lines with text in the comment that opens the file; 0 when it opens with something else. */
  readonly headerLines: number
  readonly imports: ReadonlyArray<{ readonly to: string; readonly relative: boolean }>
  /** Dotted names used as values that a rule watches, such as `Date.now` or `Effect.runPromise`. */
  readonly mentions: ReadonlySet<string>
  /** What quiets the compiler: `any`, double casts, casts to never, `@ts-` comments. */
  readonly evasions: ReadonlyArray<string>
}

const watched = new Set(["Date.now", "new Date", "Math.random", "process.env", "Deno.env", "JSON.parse"])
const runner = /^run(Promise|Sync|Fork|Callback)(Exit)?(With)?$/

type Comments = ReadonlyArray<
  { readonly type: string; readonly value: string; readonly start: number; readonly end: number }
>

const textLines = (comment: string) =>
  comment.split("\n").filter((line) => line.replace(/^[\s*]+|[\s*]+$/g, "") !== "").length

/** The block comment, or the run of line comments, that nothing but a shebang stands before. */
const headerOf = (text: string, comments: Comments): number => {
  let from = text.startsWith("#!") ? text.indexOf("\n") + 1 : 0
  let lines = 0
  for (const comment of comments) {
    if (comment.start < from) continue
    if (text.slice(from, comment.start).trim() !== "") break
    if (comment.type === "Block") return lines === 0 ? textLines(comment.value) : lines
    lines += textLines(comment.value)
    from = comment.end
  }
  return lines
}

const nameOf = (node: { readonly type: string; readonly name?: unknown }) =>
  node.type === "Identifier" && typeof node.name === "string" ? node.name : ""

/** Reads the facts of one file. */
export const factsOf = (path: string, text: string): Facts => {
  const { program, comments, errors } = parseSync(path, text)
  const [error] = errors
  if (error !== undefined) throw new Error(`${path} does not parse: ${error.message}`)

  const imports: Array<{ to: string; relative: boolean }> = []
  const mentions = new Set<string>()
  const evasions: Array<string> = []
  const addImport = (specifier: string) => {
    const relative = specifier.startsWith(".")
    imports.push({ relative, to: relative ? posix.join(posix.dirname(path), specifier) : specifier })
  }

  new Visitor({
    ImportDeclaration: (node) => addImport(node.source.value),
    ExportAllDeclaration: (node) => addImport(node.source.value),
    ExportNamedDeclaration: (node) => {
      if (node.source !== null) addImport(node.source.value)
    },
    ImportExpression: ({ source }) => {
      if (source.type === "Literal" && typeof source.value === "string") addImport(source.value)
    },
    TSImportType: (node) => addImport(node.source.value),
    MemberExpression: (node) => {
      const property = node.computed ? "" : nameOf(node.property)
      const dotted = `${nameOf(node.object)}.${property}`
      if (watched.has(dotted) || runner.test(property)) mentions.add(dotted)
    },
    NewExpression: (node) => {
      if (nameOf(node.callee) === "Date" && node.arguments.length === 0) mentions.add("new Date")
    },
    TSAnyKeyword: () => void evasions.push("any"),
    TSAsExpression: (node) => {
      if (node.typeAnnotation.type === "TSNeverKeyword") evasions.push("as never")
      if (node.expression.type === "TSAsExpression" && node.expression.typeAnnotation.type === "TSUnknownKeyword") {
        evasions.push("as unknown as")
      }
    },
  }).visit(program)

  for (const { value } of comments) {
    const quiet = /^[\s*]*@ts-(ignore|expect-error|nocheck)/.exec(value)
    if (quiet !== null) evasions.push(`@ts-${quiet[1]}`)
  }

  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0)
  return { path, lines, headerLines: headerOf(text, comments), imports, mentions, evasions }
}
