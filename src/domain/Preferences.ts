/**
 * Preferences: what one user wants to be sent, when, and how they want to deal.
 *
 * In: rows and settings files. Out: the Schema with the defaults of the product, and the user's calendar day.
 * Promises: an empty choice means everything; times of day are in the user's zone. When they make quiet and when that
 * ends: QuietTime.ts.
 */
import { DateTime, Effect, Option, Schema } from "effect"
import { OpportunityType } from "./Opportunity.ts"

/** ISO: 1 is Monday, 7 is Sunday. */
export const Weekday = Schema.Literals([1, 2, 3, 4, 5, 6, 7])
export type Weekday = typeof Weekday.Type

/** Minutes since midnight by the wall clock; 1440: the midnight that ends the day. */
const MinuteOfDay = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_440 }))

/**
 * A stretch of every week. `days` are those on which it begins. It ends before `to` of the same day, or of the next if
 * `to` is not after `from`; equal: it lasts a whole day.
 */
export const WeeklyWindow = Schema.Struct({
  days: Schema.Array(Weekday).check(Schema.isMinLength(1)),
  from: MinuteOfDay,
  to: MinuteOfDay,
})
export type WeeklyWindow = typeof WeeklyWindow.Type

/** How much may go wrong with what one is told of. */
export const RiskTolerance = Schema.Literals(["low", "medium", "high"])
export type RiskTolerance = typeof RiskTolerance.Type

export const TradingMode = Schema.Literals(["paper", "live"])
export type TradingMode = typeof TradingMode.Type

const Hour = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 24 }))
const withDefault = <S extends Schema.Constraint>(schema: S, value: S["Encoded"]) =>
  Schema.withDecodingDefaultKey<S>(Effect.succeed(value))(schema)

export const TimeZone = Schema.String.check(
  Schema.makeFilter((name: string) => Option.isSome(DateTime.zoneMakeNamed(name)) || "an IANA time zone"),
)

/** Languages that the product speaks. */
export const Language = Schema.Literals(["en", "ru"])
export type Language = typeof Language.Type

export const Preferences = Schema.Struct({
  pushEnabled: withDefault(Schema.Boolean, true),
  /** Empty: every type the tier admits. */
  opportunityTypes: withDefault(Schema.Array(OpportunityType), []),
  maxPerHour: withDefault(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)), 3),
  maxPerDay: withDefault(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)), 20),
  /** Pushed from this hour on ... */
  activeHoursStart: withDefault(Hour, 8),
  /** ... and before this one; equal to the start: around the clock; smaller: across midnight. */
  activeHoursEnd: withDefault(Hour, 22),
  /** Days on which active hours begin; empty: every day. */
  activeDays: withDefault(Schema.Array(Weekday), []),
  timeZone: withDefault(TimeZone, "UTC"),
  /** Until the user says otherwise. */
  doNotDisturb: withDefault(Schema.Boolean, false),
  /** Until this instant (ms); one that has passed means nothing. */
  doNotDisturbUntil: withDefault(Schema.NullOr(Schema.Int), null),
  /** Every week. */
  doNotDisturbWindow: withDefault(Schema.NullOr(WeeklyWindow), null),
  highPriorityOnly: withDefault(Schema.Boolean, false),
  batchNotifications: withDefault(Schema.Boolean, true),
  /** When quiet time ends, one message of what came meanwhile. */
  quietDigest: withDefault(Schema.Boolean, true),
  minNetBps: withDefault(Schema.Finite, 0),
  /** Empty: every venue. Otherwise each leg's venue must be in it. */
  venues: withDefault(Schema.Array(Schema.String), []),
  /** Canonical bases ("BTC") or pairs ("BTC/USDT"); empty: all. */
  pairs: withDefault(Schema.Array(Schema.String), []),
  /** Pairs ("BTC/USDT") not to be told of, whatever `pairs` says. */
  mutedPairs: withDefault(Schema.Array(Schema.String), []),
  riskTolerance: withDefault(RiskTolerance, "medium"),
  tradingMode: withDefault(TradingMode, "paper"),
  language: withDefault(Language, "en"),
})
export type Preferences = typeof Preferences.Type

export const DEFAULT_PREFERENCES: Preferences = Schema.decodeSync(Preferences)({})

const DAY_MS = 86_400_000

const zoned = (atMs: number, timeZone: string): DateTime.Zoned =>
  DateTime.makeZonedUnsafe(atMs, { timeZone, adjustForTimeZone: false })

/** First millisecond of the user's calendar day that holds this instant. */
export const startOfDay = (preferences: Preferences, atMs: number): number =>
  DateTime.toEpochMillis(DateTime.startOf(zoned(atMs, preferences.timeZone), "day"))

/** First millisecond of the user's next calendar day. */
export const startOfNextDay = (preferences: Preferences, atMs: number): number =>
  startOfDay(preferences, startOfDay(preferences, atMs) + DAY_MS + DAY_MS / 4)
