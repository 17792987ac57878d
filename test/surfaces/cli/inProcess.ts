/**
 * The command line in this process, for tests that need no signals: what it printed, and the exit code it would end with.
 *
 * Comes in: arguments, an environment. Promises: nothing of the real environment is read.
 */
import { Cause, ConfigProvider, Console, Effect, Exit, Layer, Runtime } from "effect"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as RecordingFiles from "../../../src/layers/recording/RecordingFiles.ts"
import * as Cli from "../../../src/surfaces/cli/Cli.ts"

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const codeOf = <A, E>(exit: Exit.Exit<A, E>): number => {
  if (Exit.isSuccess(exit)) return 0
  if (Cause.hasInterruptsOnly(exit.cause)) return 130
  const error = Cause.squash(exit.cause)
  return typeof error === "object" && error !== null ? Runtime.getErrorExitCode(error) : 1
}

export const arbedge = (
  args: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>> = {},
): Effect.Effect<Ran> =>
  Effect.gen(function* () {
    const out: Array<string> = [], err: Array<string> = []
    const real = yield* Console.Console
    const heard: Console.Console = {
      ...real,
      log: (...texts) => void out.push(texts.join(" ")),
      error: (...texts) => void err.push(texts.join(" ")),
    }
    const exit = yield* Effect.exit(
      Cli.run(args).pipe(
        Effect.provideService(Console.Console, heard),
        Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnvRecord(environment)),
        Effect.provide(Layer.mergeAll(NodeServices.layer, RecordingFiles.layer)),
      ),
    )
    return { code: codeOf(exit), stdout: out.join("\n"), stderr: err.join("\n") }
  })
