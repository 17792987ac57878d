/**
 * Scenarios of load runs: who is there, what the markets do and how fast, what goes wrong, for how long.
 *
 * In: a JSON object (docs/guides/load.md). Out: a checked scenario with every default filled in. Promises: unknown keys
 * and bad values are refused with their path; nothing in it depends on the machine, so that the same scenario means the
 * same load everywhere. Times are milliseconds, shares are between 0 and 1.
 */
import { Effect, Schema, Struct } from "effect"
import { withDefault } from "./ConfigValues.ts"
import { FaultPlan, NO_FAULTS } from "./FaultPlan.ts"
import { FeedKind } from "./Feed.ts"
import { VenueId } from "./Instrument.ts"
import { Preferences } from "./Preferences.ts"
import { Commands } from "./ScenarioCommands.ts"
import { Pace, STEADY } from "./ScenarioPace.ts"
import { Tier } from "./Tier.ts"

const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
const Weight = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))
const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_147_483_647 }))
const span = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const DAY_MS = 86_400_000

/** The simulated markets; how they behave beyond this is the simulator's own (docs/guides/simulator.md). */
export const SimulatorSource = Schema.Struct({
  kind: Schema.Literal("simulator"),
  venues: withDefault(Schema.Array(VenueId).check(Schema.isMinLength(1)), [
    "binance",
    "okx",
    "bybit",
    "kraken",
    "coinbase",
  ]),
  assets: withDefault(Schema.Array(Schema.String).check(Schema.isMinLength(1)), ["BTC", "ETH", "SOL", "XRP", "DOGE"]),
  crossPairs: withDefault(Schema.Array(Schema.String), []),
  kinds: withDefault(Schema.Array(FeedKind).check(Schema.isMinLength(1)), ["quote"]),
  /** Levels on each side of a book. */
  depth: withDefault(span(1, 200), 10),
  /** Mean over all markets, before the pace. */
  ticksPerSecond: withDefault(span(1, 2_000_000), 2_000),
  /** Mean time from one opportunity to the next, before the pace; 0: none. */
  dislocationEveryMs: withDefault(span(0, DAY_MS), 4_000),
})

/** Recordings, one behind the other. */
export const RecordingSource = Schema.Struct({
  kind: Schema.Literal("recordings"),
  /** Paths, from where the scenario file lies. */
  files: Schema.Array(Schema.NonEmptyString).check(Schema.isMinLength(1)),
  /** From the beginning again when they end before the run does; every book is broken there. */
  repeat: withDefault(Schema.Boolean, false),
})

export const Source = Schema.Union([SimulatorSource, RecordingSource])
export type Source = typeof Source.Type

/** What differs from a reader who wants everything, at once, around the clock. */
export const Wants = Preferences.mapFields((fields) =>
  Struct.map(Struct.map(fields, Schema.toType), Schema.optionalKey)
)
export type Wants = typeof Wants.Type

const positiveSum = Schema.makeFilter((shares: Readonly<Record<string, number>>) =>
  Object.values(shares).some((share) => share > 0) || "at least one above 0"
)

export const Users = Schema.Struct({
  count: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 })),
  /** By tier: how many, in proportion. */
  tiers: withDefault(Schema.Record(Tier, Schema.optionalKey(Weight)).check(positiveSum), { enterprise: 1 }),
  /** Of the people: how many have a session, without which nobody is told anything. */
  sessions: withDefault(Share, 1),
  /** Of the chats: how many are groups, each registered by a person of the scenario. */
  groups: withDefault(Share, 0),
  /** Kinds of readers, in proportion. */
  preferences: withDefault(
    Schema.Array(Schema.Struct({ weight: Weight, wants: Wants })).check(
      Schema.makeFilter((kinds) => kinds.some(({ weight }) => weight > 0) || "at least one with a weight above 0"),
    ),
    [{ weight: 1, wants: {} }],
  ),
})
export type Users = typeof Users.Type

export const Scenario = Schema.Struct({
  name: Schema.NonEmptyString,
  seed: withDefault(Seed, 1),
  /** How long ticks come. */
  durationMs: span(100, DAY_MS),
  /** How long what is under way may take to end after the last tick. */
  drainMs: withDefault(span(0, 600_000), 10_000),
  source: Source,
  pace: withDefault(Pace, STEADY),
  users: Users,
  /** What people ask of the bot meanwhile; left out: nothing, and there is no bot. */
  commands: Schema.optionalKey(Commands),
  faults: FaultPlan.pipe(Schema.withDecodingDefaultKey(Effect.succeed(NO_FAULTS))),
  /** A detection configuration, from where the scenario file lies; without one the shipped fees. */
  detect: Schema.optionalKey(Schema.NonEmptyString),
  /** How often the figures are looked at; left out: every second, or what makes 600 samples. */
  sampleEveryMs: Schema.optionalKey(span(50, 600_000)),
  /** Watches memory, handles and lag for growth, and bounds what the embedded bus keeps. */
  soak: withDefault(Schema.Boolean, false),
}).check(
  Schema.makeFilter(({ commands, users }) =>
    commands === undefined || users.count * users.sessions >= 1 ||
    { path: ["commands"], issue: "nobody has a session to ask with" }
  ),
)
export type Scenario = typeof Scenario.Type

const MOST_SAMPLES = 600

/** How often a scenario's figures are looked at, ms. */
export const sampleEveryMs = ({ durationMs, sampleEveryMs }: Scenario): number =>
  sampleEveryMs ?? Math.max(1_000, Math.ceil(durationMs / MOST_SAMPLES))

/** Of whoever the scenario does not say otherwise: everything, at once, around the clock. */
export const EAGER: Wants = {
  activeHoursStart: 0,
  activeHoursEnd: 0,
  batchNotifications: false,
  quietDigest: false,
  maxPerHour: 10_000,
  maxPerDay: 100_000,
}

const decode = Schema.decodeUnknownEffect(Scenario)

/** Every mistake is told with its path; unknown keys are mistakes. */
export const fromUnknown = (value: unknown) => decode(value, { errors: "all", onExcessProperty: "error" })
