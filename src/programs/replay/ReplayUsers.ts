/**
 * The people of a replay: a JSON file of chats and what each wants.
 *
 * In: `[{"chat": 1001, "timeZone": "UTC", "hours": [8, 22], "caps": {"perHour": 3, "perDay": 20}, "minNetBps": 5}]`, or
 * `{"users": [...]}`; common other spellings (`timezone`, `hour`, `from`) are read as well. Out: chats with preferences
 * and tier. Promises: everything but `chat` and `batch` has the product's
 * default; unknown keys and bad values are refused with
 * their path.
 */
import { Effect, Schema } from "effect"
import { OpportunityType } from "../../domain/Opportunity.ts"
import { DEFAULT_PREFERENCES, type Preferences, TimeZone } from "../../domain/Preferences.ts"
import { Tier } from "../../domain/Tier.ts"

const Hour = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 24 }))
const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const ChatId = Schema.Union([Schema.Int, Schema.String.check(Schema.isPattern(/^-?\d{1,16}$/))])

export const ReplayUser = Schema.Struct({
  chat: ChatId,
  name: Schema.optionalKey(Schema.String),
  timeZone: Schema.optionalKey(TimeZone),
  /** `[from, to)` in the user's zone; equal: around the clock. */
  hours: Schema.optionalKey(Schema.Union([
    Schema.Tuple([Hour, Hour]),
    Schema.Struct({ start: Hour, end: Hour }),
  ])),
  caps: Schema.optionalKey(Schema.Struct({ perHour: Schema.optionalKey(Count), perDay: Schema.optionalKey(Count) })),
  minNetBps: Schema.optionalKey(Schema.Finite),
  types: Schema.optionalKey(Schema.Array(OpportunityType)),
  venues: Schema.optionalKey(Schema.Array(Schema.String)),
  pairs: Schema.optionalKey(Schema.Array(Schema.String)),
  tier: Schema.optionalKey(Tier),
  language: Schema.optionalKey(Schema.Literals(["en", "ru"])),
  highPriorityOnly: Schema.optionalKey(Schema.Boolean),
  push: Schema.optionalKey(Schema.Boolean),
  /** Whether what can wait is gathered into one message; left out: each is told by itself. */
  batch: Schema.optionalKey(Schema.Boolean),
})
export type ReplayUser = typeof ReplayUser.Type

const ReplayUsers = Schema.Union([Schema.Array(ReplayUser), Schema.Struct({ users: Schema.Array(ReplayUser) })])

/** Other spellings that people use, by the one we keep. */
const ALIASES: Readonly<Record<string, ReadonlyArray<string>>> = {
  chat: ["chatId", "chat_id", "telegramId", "telegram_id", "id"],
  timeZone: ["timezone", "time_zone", "tz"],
  hours: ["activeHours", "active_hours"],
  caps: ["limits"],
  minNetBps: ["min_net_bps"],
  perHour: ["hour", "hourly", "per_hour", "maxPerHour"],
  perDay: ["day", "daily", "per_day", "maxPerDay"],
  start: ["from"],
  end: ["to"],
}
const KNOWN = new Map(
  Object.entries(ALIASES).flatMap(([name, others]) => others.map((other) => [other, name] as const)),
)

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The same value under the names we keep. */
const respelled = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(respelled)
    : isRecord(value)
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [KNOWN.get(key) ?? key, respelled(inner)]))
    : value

const isList = (value: typeof ReplayUsers.Type): value is ReadonlyArray<ReplayUser> => Array.isArray(value)

export const fromUnknown = (value: unknown) =>
  Schema.decodeUnknownEffect(ReplayUsers)(respelled(value), { errors: "all", onExcessProperty: "error" }).pipe(
    Effect.map((decoded) => isList(decoded) ? decoded : decoded.users),
  )

export const preferencesOf = (user: ReplayUser): Preferences => {
  const { hours } = user
  const [start, end] = hours === undefined
    ? [DEFAULT_PREFERENCES.activeHoursStart, DEFAULT_PREFERENCES.activeHoursEnd]
    : "start" in hours
    ? [hours.start, hours.end]
    : hours
  return {
    ...DEFAULT_PREFERENCES,
    activeHoursStart: start,
    activeHoursEnd: end,
    timeZone: user.timeZone ?? DEFAULT_PREFERENCES.timeZone,
    maxPerHour: user.caps?.perHour ?? DEFAULT_PREFERENCES.maxPerHour,
    maxPerDay: user.caps?.perDay ?? DEFAULT_PREFERENCES.maxPerDay,
    minNetBps: user.minNetBps ?? DEFAULT_PREFERENCES.minNetBps,
    opportunityTypes: user.types ?? DEFAULT_PREFERENCES.opportunityTypes,
    venues: user.venues ?? DEFAULT_PREFERENCES.venues,
    pairs: user.pairs ?? DEFAULT_PREFERENCES.pairs,
    language: user.language ?? DEFAULT_PREFERENCES.language,
    highPriorityOnly: user.highPriorityOnly ?? false,
    pushEnabled: user.push ?? true,
    batchNotifications: user.batch ?? false,
  }
}
