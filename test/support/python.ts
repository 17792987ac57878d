/**
 * Python for the examples: whether there is one, and nats-py beside it.
 *
 * Out: the interpreter, and where nats-py can be imported from: installed already, or by pip into a folder of the
 * temporary directory that later runs find again. Where it does not install, the client on a plain socket is run alone.
 */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import type { Dependency } from "./probes.ts"

const NATS_PY = "nats-py==2.15.0"
const INSTALL_MS = 30_000

const works = (args: ReadonlyArray<string>, environment: Readonly<Record<string, string>> = {}): boolean =>
  spawnSync("python3", [...args], { env: { ...process.env, ...environment }, timeout: INSTALL_MS }).status === 0

const hasPython = works(["--version"])

export const python: Dependency = {
  name: "python3",
  available: hasPython,
  why: hasPython ? "" : "no python3 on PATH (the Python examples are not run)",
}

const folder = join(tmpdir(), "arbedge-nats-py-2.15.0")
const installed = (): boolean =>
  works(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", folder, NATS_PY])

/** The environment in which `import nats` works; null: it does not install here. */
export const natsPy = ((): Readonly<Record<string, string>> | null => {
  if (!hasPython) return null
  if (works(["-c", "import nats"])) return {}
  const own = { PYTHONPATH: folder }
  if (!existsSync(folder)) installed()
  return works(["-c", "import nats"], own) ? own : null
})()
