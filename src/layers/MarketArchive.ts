/**
 * The MarketArchive port: ticks of the past, by market and span.
 *
 * Where an archive is set, `streams/archive/History.ts` reads it; `absent` stands in its place elsewhere and says so to
 * whoever asks. In: a query. Out: ticks in order of ingest time. Promises: a span without a tick is the error `empty`,
 * never an empty answer.
 */
import { Context, Effect, Layer, Schema } from "effect"
import type { HistoryQuery } from "../domain/MarketQuery.ts"
import type { Tick } from "../domain/Tick.ts"

/** Worth asking again: `unreachable`. */
export const MarketArchiveReason = Schema.Literals(["absent", "empty", "unreachable", "malformed"])

export class MarketArchiveError extends Schema.TaggedError<MarketArchiveError>()("MarketArchiveError", {
  reason: MarketArchiveReason,
  detail: Schema.String,
}) {
  get retryable(): boolean {
    return this.reason === "unreachable"
  }

  override get message(): string {
    return `the archive: ${this.reason}: ${this.detail}`
  }
}

export class MarketArchive extends Context.Service<MarketArchive, {
  readonly read: (query: HistoryQuery) => Effect.Effect<readonly [Tick, ...ReadonlyArray<Tick>], MarketArchiveError>
}>()("arbedge/MarketArchive") {
  static readonly absent: Layer.Layer<MarketArchive> = Layer.succeed(MarketArchive, {
    read: () =>
      Effect.fail(new MarketArchiveError({ reason: "absent", detail: "no archive is set (ARBEDGE_ARCHIVE)" })),
  })
}
