/**
 * What a replay is told on the command line: which recordings, which part of them, how fast, what goes wrong.
 *
 * In: flags as texts. Out: paths, a choice, a speed, a fault plan. Promises: whatever is wrong is a usage failure
 * (exit 2) that names the flag, or the place in the fault file.
 */
import { Effect, Option, Result } from "effect"
import { Argument, Flag } from "effect/cli"
import * as FaultPlan from "../../domain/FaultPlan.ts"
import { TICK_KINDS } from "../../domain/Tick.ts"
import { type Chosen, EVERYTHING, type Point, pointOf } from "../../programs/replay/Selection.ts"
import { usage } from "./Failure.ts"
import { readJson } from "./Input.ts"

export const files = Argument.String("file").pipe(
  Argument.withDescription("Recordings, or folders of them: NDJSON, one tick a line, optionally gzipped"),
  Argument.atLeast(1),
)

export const raw = Flag.Boolean("raw").pipe(
  Flag.withDescription("The recordings are raw ones: their frames and answers are played to the venues' real clients"),
  Flag.withDefault(false),
)

export const ticks = Flag.String("ticks").pipe(
  Flag.withDescription("Only write the ticks that are played into this file, gzipped if its name ends with .gz"),
  Flag.optional,
)

const list = (name: string, what: string) =>
  Flag.String(name).pipe(
    Flag.withDescription(`Only ${what}, separated by commas`),
    Flag.map((text) => text.split(",").map((part) => part.trim()).filter((part) => part !== "")),
    Flag.optional,
  )

const point = (name: string, what: string) =>
  Flag.String(name).pipe(
    Flag.withDescription(`${what}: 90s, 5m, 1.5h after the first tick, or a time such as 2024-08-08T23:55:00Z`),
    Flag.optional,
  )

export const selection = {
  from: point("from", "Where to begin"),
  until: point("until", "Where to end"),
  venues: list("venues", "these venues"),
  instruments: list("instruments", "these instruments"),
  kinds: list("kinds", `these kinds of ticks (${TICK_KINDS.join(", ")})`),
}

export const faults = {
  faults: Flag.String("faults").pipe(
    Flag.withDescription("JSON file of faults to inject (docs/guides/record-and-replay.md)"),
    Flag.optional,
  ),
  fault: Flag.String("fault").pipe(
    Flag.withDescription("One fault, such as gap:0.01 or disconnect:5000,lengthMs=800; may be given again"),
    Flag.atLeast(0),
  ),
  seed: Flag.Int("seed").pipe(
    Flag.withDescription("What the faults' chance begins with, instead of the file's; 1 without either"),
    Flag.optional,
  ),
}

export const speed = Flag.String("speed").pipe(
  Flag.withDescription("1, 10, any factor, or max (the default; to the bus 1): as fast as it goes, in virtual time"),
  Flag.optional,
)

export const parseSpeed = (text: string) => {
  const factor = Number(text)
  return text === "max"
    ? Effect.succeed("max" as const)
    : Number.isFinite(factor) && factor > 0
    ? Effect.succeed(factor)
    : Effect.fail(usage(`"${text}" is no speed`, "give --speed 1, 10, another factor, or max"))
}

const parsePoint = (flag: string, text: Option.Option<string>) =>
  Option.match(text, {
    onNone: () => Effect.succeed<Point | null>(null),
    onSome: (given) =>
      Result.match(pointOf(given), {
        onSuccess: (parsed) => Effect.succeed<Point | null>(parsed),
        onFailure: (why) => Effect.fail(usage(`--${flag}: ${why}`, `correct --${flag}`)),
      }),
  })

type Words = Option.Option<ReadonlyArray<string>>

export const parseSelection = Effect.fnUntraced(function* (given: {
  readonly from: Option.Option<string>
  readonly until: Option.Option<string>
  readonly venues: Words
  readonly instruments: Words
  readonly kinds: Words
}) {
  const words = Option.getOrNull(given.kinds)
  const kinds = words === null ? null : TICK_KINDS.filter((kind) => words.includes(kind))
  const wrong = words?.find((word) => !TICK_KINDS.some((kind) => kind === word))
  if (wrong !== undefined) {
    return yield* usage(`--kinds: "${wrong}" is no kind of tick`, `give ${TICK_KINDS.join(", ")}`)
  }
  const chosen: Chosen = {
    from: yield* parsePoint("from", given.from),
    until: yield* parsePoint("until", given.until),
    venues: Option.getOrNull(given.venues),
    instruments: Option.getOrNull(given.instruments),
    kinds,
  }
  return Object.values(chosen).every((part) => part === null) ? EVERYTHING : chosen
})

/** The faults of the file, then those given one by one. */
export const readPlan = Effect.fnUntraced(function* (given: {
  readonly faults: Option.Option<string>
  readonly fault: ReadonlyArray<string>
  readonly seed: Option.Option<number>
}) {
  const refused = (what: string) => (error: { readonly message: string }) =>
    usage(`${what} is refused:\n${error.message}`, "see docs/guides/record-and-replay.md")
  const ofFile = Option.isNone(given.faults) ? FaultPlan.NO_FAULTS : yield* FaultPlan.fromUnknown(
    yield* readJson(given.faults.value, "the fault file"),
  ).pipe(Effect.mapError(refused(`the fault file "${given.faults.value}"`)))
  const single = yield* Effect.forEach(
    given.fault,
    (text) =>
      FaultPlan.fromUnknown({ faults: [FaultPlan.parseFault(text)] }).pipe(
        Effect.mapError(refused(`--fault ${text}`)),
      ),
  )
  const plan: FaultPlan.FaultPlan = {
    ...ofFile,
    seed: Option.getOrElse(given.seed, () => ofFile.seed),
    faults: [...ofFile.faults, ...single.flatMap(({ faults }) => faults)],
  }
  return plan
})
