/**
 * `arbedge leadlag FILE`: how strongly the prices of an asset move together across markets, and who moves first.
 *
 * In: a recording, the lags to look at.
 * Out: one row for each two markets of an asset; what other assets move along; as tables, or as JSON lines.
 */
import { Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { LIVE_LAGS } from "../../domain/LeadLag.ts"
import type { Correlations, MarketPair } from "../../domain/MarketAnalysis.ts"
import { leadLagsOf } from "../../programs/LeadLags.ts"
import { usage } from "./Failure.ts"
import { json, recordingFailure, recordingFile } from "./Input.ts"
import * as Progress from "./Progress.ts"
import { reportBadLines } from "./Report.ts"
import { span } from "./Span.ts"
import { table } from "./Table.ts"

/** More lags than this take minutes and tell nothing more. */
const LAGS_AT_MOST = 2_000

const maxLag = span("max-lag").pipe(
  Flag.withDescription("The greatest lag looked at, both ways: 500ms, 2s, 10s"),
  Flag.withDefault(LIVE_LAGS.maxMs),
)
const step = span("step").pipe(
  Flag.withDescription("Lags are multiples of it"),
  Flag.withDefault(LIVE_LAGS.stepMs),
)

const last = Flag.Boolean("last").pipe(
  Flag.withDescription("Last prices (tickers and trades) instead of quotes and books"),
  Flag.withDefault(false),
)

const nameOf = ({ instrument, venue }: MarketPair["a"]): string => `${venue} ${instrument}`

const pairRow = ({ a, atLag, b, correlation, lagMs, leader, moves, ratio }: MarketPair) => ({
  a: nameOf(a),
  b: nameOf(b),
  moves: String(moves),
  "at once": correlation.toFixed(4),
  strongest: atLag.toFixed(4),
  "lag ms": String(lagMs),
  ratio: ratio === null ? "-" : ratio.toFixed(2),
  "moves first": leader === null ? "-" : leader === "a" ? a.venue : b.venue,
})

const otherRows = ({ instrument, others }: Correlations) =>
  others.map(({ correlation, instrument: other, moves, venue }) => ({
    venue,
    instrument,
    "moves along": other,
    moves: String(moves),
    correlation: correlation.toFixed(4),
  }))

export const leadlag = Command.make(
  "leadlag",
  { file: recordingFile, maxLag, step, last, json },
  Effect.fn("Cli.leadlag")(function* ({ file, json, last, maxLag, step }) {
    if (step < 1 || maxLag / step > LAGS_AT_MOST) {
      return yield* usage(
        `--step ${step}ms up to --max-lag ${maxLag}ms is more than ${LAGS_AT_MOST} lags`,
        "give a wider step or a smaller greatest lag, such as --step 50ms --max-lag 2s",
      )
    }
    const progress = yield* Progress.make("leadlag")
    const { bad, instruments } = yield* leadLagsOf({
      path: file,
      lags: { stepMs: step, maxMs: maxLag },
      last,
      onProgress: progress.show,
    }).pipe(Effect.mapError(recordingFailure))
    yield* progress.done
    yield* reportBadLines(file, bad)
    if (json) return yield* Effect.forEach(instruments, (one) => Console.log(JSON.stringify(one)), { discard: true })
    // A pair of two instruments stands with each of them.
    const pairs = instruments.flatMap(({ instrument, pairs }) => pairs.filter(({ a }) => a.instrument === instrument))
    const others = instruments.flatMap(otherRows)
    yield* Console.log(
      `Moves of ${
        last ? "last" : "mid"
      } prices by ingest time (Hayashi-Yoshida). lag ms above 0: b follows a; ratio above 1: a tells more.`,
    )
    yield* Console.log(
      pairs.length === 0
        ? `No two markets of one asset are quoted in this recording.${last ? "" : " For last prices give --last."}`
        : table(pairs.map(pairRow)),
    )
    if (others.length > 0) yield* Console.log(`\nWhat moves along, at once:\n${table(others)}`)
  }),
).pipe(Command.withDescription("Which market moves first in a recording, by how much, and what moves along"))
