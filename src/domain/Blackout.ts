/**
 * Blackout windows: times in which an asset is not to be traded on, because of news or an event.
 *
 * In: a list as people write it (JSON). Out: the list, checked, and whether a window covers an asset at a time.
 * Promises: pure; a window without an end after its beginning is refused; the begin belongs to a window, the end not.
 */
import { Option, Schema, SchemaGetter } from "effect"

/** Integer milliseconds since the epoch, or an ISO 8601 text with its zone ("2026-06-17T18:00:00Z"). */
const Time = Schema.Union([
  Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  Schema.String.check(
    Schema.makeFilter((text: string) =>
      (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))) ||
      "a time such as 2026-06-17T18:00:00Z, or integer milliseconds"
    ),
  ).pipe(
    Schema.decodeTo(Schema.Int, {
      decode: SchemaGetter.transform((text: string) => Date.parse(text)),
      encode: SchemaGetter.transform((ms: number) => new Date(ms).toISOString()),
    }),
  ),
])

/** Every asset. */
export const ANY_ASSET = "*"

export const Blackout = Schema.Struct({
  /** As in instrument names, such as "BTC"; "*" is every asset. */
  asset: Schema.NonEmptyString,
  from: Time,
  to: Time,
  /** For people: why. */
  reason: Schema.NonEmptyString,
}).check(Schema.makeFilter(({ from, to }) => from < to || "a window that ends after it begins"))
export type Blackout = typeof Blackout.Type

export const BlackoutList = Schema.Struct({ v: Schema.Literal(1), windows: Schema.Array(Blackout) })
export type BlackoutList = typeof BlackoutList.Type

/** The window that covers the asset at that time; of several, the one that lasts longest. */
export const blackoutAt = (windows: ReadonlyArray<Blackout>, asset: string, atMs: number): Option.Option<Blackout> =>
  windows
    .filter((window) => window.asset === asset || window.asset === ANY_ASSET)
    .filter(({ from, to }) => from <= atMs && atMs < to)
    .reduce<Option.Option<Blackout>>(
      (longest, window) => Option.exists(longest, ({ to }) => to >= window.to) ? longest : Option.some(window),
      Option.none(),
    )
