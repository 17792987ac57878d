/**
 * `deno task docs [--release]`: writes docs/generated anew from the contract; with --release also the schemas that later
 * ones are compared with.
 *
 * In: src/domain/contract, what was released before. Out: files; exit code 0, or 1 with what would break whoever reads.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { Schema } from "effect"
import { documents, objections, Release, RELEASED, releaseText } from "../src/domain/contract/Documents.ts"

const folder = fileURLToPath(new URL("../docs/generated/", import.meta.url))
const releasedPath = join(folder, RELEASED)

const write = (path: string, text: string): void => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Release))
const against = existsSync(releasedPath) ? objections(decode(readFileSync(releasedPath, "utf8"))) : []
for (const objection of against) console.error(objection)

rmSync(join(folder, "schemas"), { recursive: true, force: true })
for (const [path, text] of documents) write(join(folder, path), text)
console.log(`docs/generated: ${documents.size} files written`)

if (against.length > 0) process.exit(1)
if (process.argv.includes("--release")) {
  write(releasedPath, releaseText)
  console.log(`docs/generated/${RELEASED}: the schemas of today are the released ones`)
}
