/**
 * How a command fails.
 *
 * In: what happened, where, and what to do about it. Out: the text a person reads, and the exit code a script relies on:
 * 0 done, 1 failed, 2 wrong usage, 3 a check did not hold, 4 the service is not reachable, 130 interrupted.
 */
import { Runtime, Schema } from "effect"

const EXIT_CODE = { failed: 1, usage: 2, check: 3, unreachable: 4 } as const

export class Failure extends Schema.TaggedError<Failure>()("Failure", {
  kind: Schema.Literals(["failed", "usage", "check", "unreachable"]),
  /** What happened, and where. */
  what: Schema.String,
  /** What the reader can do about it; empty where nothing can be done. */
  fix: Schema.String,
}) {
  override readonly [Runtime.errorExitCode] = EXIT_CODE[this.kind]
  override readonly [Runtime.errorReported] = false
  override get message(): string {
    return this.fix === "" ? this.what : `${this.what}\n  -> ${this.fix}`
  }
}

export const usage = (what: string, fix: string): Failure => new Failure({ kind: "usage", what, fix })
export const failed = (what: string, fix = ""): Failure => new Failure({ kind: "failed", what, fix })
export const checkFailed = (what: string, fix = ""): Failure => new Failure({ kind: "check", what, fix })
export const unreachable = (what: string, fix: string): Failure => new Failure({ kind: "unreachable", what, fix })
