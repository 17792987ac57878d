#!/usr/bin/env -S node
/**
 * The one entry point: takes the command line, puts the runtime's services under it, runs until done or told to stop.
 *
 * In: arguments, environment, signals. Out: what the commands print on standard output, logs on standard error, and the
 * exit code. Promises: nothing else in `src` starts a fiber of its own; SIGTERM and Ctrl-C end every scope in order.
 */
import "./layers/denoFibers.ts"
import process from "node:process"
import { Effect, Layer, Logger } from "effect"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as RecordingFiles from "./layers/recording/RecordingFiles.ts"
import * as Logs from "./layers/telemetry/Logs.ts"
import * as Cli from "./surfaces/cli/Cli.ts"

const Live = Layer.mergeAll(
  NodeServices.layer,
  RecordingFiles.layer,
  Logger.layer([Logger.withConsoleError(Logs.withTrace(Logger.formatLogFmt))]),
)

Cli.run(process.argv.slice(2)).pipe(Effect.provide(Live), NodeRuntime.runMain({ disableErrorReporting: true }))
