/**
 * What `doctor` says of one dependency.
 *
 * - `ok`: there and working, or not needed because something built in does the work
 * - `missing`: the settings need it and it is not there
 * - `failing`: the settings name it and it does not work
 * - `optional`: not there, and everything else works without it
 */
import { Schema } from "effect"

export const CheckState = Schema.Literals(["ok", "missing", "failing", "optional"])
export type CheckState = typeof CheckState.Type

export interface Check {
  readonly name: string
  readonly state: CheckState
  /** What was found; never a secret. */
  readonly detail: string
  /** What to do; empty where there is nothing to do. */
  readonly fix: string
}

const made = (state: CheckState) => (name: string, detail: string, fix = ""): Check => ({ name, state, detail, fix })

export const ok = made("ok")
export const missing = made("missing")
export const failing = made("failing")
export const optional = made("optional")

/** Whether everything that is needed works. */
export const holds = (checks: ReadonlyArray<Check>): boolean =>
  checks.every(({ state }) => state === "ok" || state === "optional")
