/**
 * The contract: every public message, the subjects it travels on, its schema and its example.
 *
 * In: the schemas of the domain. Out: one table, from which JSON Schemas, the AsyncAPI document, the answers on
 * `schema.v1.>` and the tests are made. Promises: a message that is not in this table is not public.
 */
import { Schema } from "effect"
import * as Facts from "../Fact.ts"
import * as Frame from "../Frame.ts"
import { InstrumentAnalysis } from "../InstrumentAnalysis.ts"
import { Correlations, MarketAnalysis, MarketState } from "../MarketAnalysis.ts"
import { MarketEntry } from "../MarketEntry.ts"
import { OnboardingFact } from "../Onboarding.ts"
import { Opportunity, OPPORTUNITY_TYPES, OpportunityState } from "../Opportunity.ts"
import * as Subject from "../Subject.ts"
import * as Tick from "../Tick.ts"
import * as Events from "./Events.ts"
import { EXAMPLES, type MessageName } from "./Examples.ts"
import { CONTRACT_VERSION } from "./Headers.ts"

const JSON_TYPE = "application/json"

/** What is answered on `schema.v1`. */
export const SchemaList = Schema.Struct({
  v: Schema.Literal(1),
  version: Schema.String,
  schemas: Schema.Array(Schema.Struct({ name: Schema.String, subjects: Schema.Array(Schema.String) })),
})
export type SchemaList = typeof SchemaList.Type

/** How a message reaches whoever wants it. */
export type Kept =
  | { readonly _tag: "live" }
  | { readonly _tag: "durable"; readonly stream: string }
  | { readonly _tag: "bucket"; readonly bucket: string }
  | { readonly _tag: "answer" }

export interface PublicMessage {
  readonly name: MessageName
  readonly about: string
  /** With parameters in braces: `PARAMETERS`. */
  readonly subjects: ReadonlyArray<string>
  readonly kept: Kept
  readonly contentType: string
  readonly schema: Schema.Top
  readonly example: unknown
}

export const PARAMETERS: Readonly<Record<string, { readonly about: string; readonly values?: ReadonlyArray<string> }>> =
  {
    venue: { about: "The venue's id; tokens hold a-zA-Z0-9-, every other character is _xx (hex)" },
    market: { about: "spot, linear-SETTLE, inverse-SETTLE or dated-SETTLE-YYMMDD" },
    pair: {
      about: "<base>-<quote>; of an opportunity by its leading leg: the one that buys, of funding the short one",
    },
    partition: { about: "Number of an asset partition: FNV-1a-32 of the base asset, modulo 16" },
    what: { about: "ticker, funding, book or candle-<intervalMs>; a quote has no such token" },
    type: { about: "Type of the opportunity", values: OPPORTUNITY_TYPES },
    state: { about: "What the transition made of it", values: OpportunityState.literals },
    name: { about: "Name of a schema: one of the list on schema.v1, or asyncapi for the whole document" },
  }

const LIVE = "md.v1.{venue}.{market}.{pair}"
const live: Kept = { _tag: "live" }
const durable = (stream: string): Kept => ({ _tag: "durable", stream })

const bucket = (name: string): Kept => ({ _tag: "bucket", bucket: name })

const message = (
  name: MessageName,
  schema: Schema.Top,
  kept: Kept,
  subjects: ReadonlyArray<string>,
  about: string,
  contentType = JSON_TYPE,
): PublicMessage => ({ name, about, subjects, kept, contentType, schema, example: EXAMPLES[name] })

const tick = (name: Exclude<Tick.TickKind, "gap">, schema: Schema.Top, about: string) =>
  message(name, schema, live, [`${LIVE}.${name}`], about)

const fact = (area: string, event: string, name: MessageName, schema: Schema.Top, about: string) =>
  message(name, schema, durable("EVT"), [Subject.fact(area, event)], about)

export const MESSAGES: ReadonlyArray<PublicMessage> = [
  tick("quote", Tick.Quote, "Best bid and ask, the newest at most every 20 ms"),
  tick("book", Tick.BookEvent, "A whole book, or the levels that changed; conflated as all live ticks are"),
  tick("ticker", Tick.Ticker, "Last price and volumes"),
  tick("trade", Tick.Trade, "A trade; of several within 20 ms the last"),
  tick("funding", Tick.Funding, "A funding rate, paid or predicted"),
  tick("candle", Tick.Candle, "A candle, when it closes"),
  tick("heartbeat", Tick.Heartbeat, "The subscription is alive though silent"),
  message(
    "gap",
    Events.LiveGap,
    live,
    [`${LIVE}.gap`],
    "The continuity of the market broke, or live ticks were conflated",
  ),
  message(
    "stale",
    Events.Stale,
    live,
    [`${LIVE}.stale`],
    "Neither tick nor heartbeat of the market for 10 s; said once",
  ),
  message(
    "frame",
    Frame.Frame,
    durable("MD"),
    ["md.frame.{partition}", "md.venue.{venue}"],
    "Many ticks in columns: every tick once by partition, spot markets once more by venue. A message holds one frame a " +
      "line; this is the schema of a line",
    Frame.MEDIA_TYPE,
  ),
  message(
    "opportunity",
    Opportunity,
    durable("OPP"),
    ["opp.v1.{type}.{pair}.{state}"],
    "A transition of an opportunity, with all that is needed to compute its figures by hand",
  ),
  message(
    "expired",
    Events.Expired,
    durable("OPP"),
    ["opp.v1.{type}.{pair}.expired"],
    "The time of an opportunity ran out; beside the transition that closed it",
  ),
  message(
    "quarantined",
    Events.Quarantined,
    durable("QUARANTINE"),
    ["quarantine.{venue}"],
    "A market event that was refused, or two symbols that may not be one asset",
  ),
  message(
    "market_data",
    MarketEntry,
    bucket("market_data"),
    ["$KV.market_data.{venue}.{market}.{pair}", "$KV.market_data.{venue}.{market}.{pair}.{what}"],
    "The newest of a market, for a minute at most",
  ),
  message(
    "analysis",
    InstrumentAnalysis,
    bucket("analysis"),
    ["$KV.analysis.{type}.{market}.{pair}"],
    "What was last found of a type on an instrument, for 15 minutes",
  ),
  message(
    "market_state",
    MarketState,
    bucket("analysis"),
    ["$KV.analysis.market.{market}.{pair}"],
    "How an instrument stands across venues: spreads, volatility, distance from their median; made every 5 minutes",
  ),
  message(
    "correlations",
    Correlations,
    bucket("analysis"),
    ["$KV.analysis.correlation.{market}.{pair}"],
    "Which venue moves first by how much, and what moves along; made every 5 minutes",
  ),
  fact(
    "analysis",
    "made",
    "analysis.made",
    MarketAnalysis,
    "How an instrument stood, or who of its venues moved first",
  ),
  fact("delivery", "settled", "delivery.settled", Facts.DeliverySettled, "A notification or an edit reached its end"),
  fact(
    "opportunity",
    "distributed",
    "opportunity.distributed",
    Facts.OpportunityDistributed,
    "What a transition led to",
  ),
  fact(
    "opportunity",
    "outcome",
    "opportunity.outcome",
    Facts.OpportunityOutcome,
    "What became of an opportunity, priced again at later moments",
  ),
  fact(
    "identity",
    "suspected",
    "identity.suspected",
    Facts.IdentitySuspected,
    "Two symbols claim to be one asset; quarantined until decided",
  ),
  fact(
    "engagement",
    "recorded",
    "engagement.recorded",
    Facts.EngagementRecorded,
    "Somebody did something with what they were sent",
  ),
  fact(
    "audit",
    "recorded",
    "audit.recorded",
    Facts.AuditRecorded,
    "A privileged action was written into the audit log",
  ),
  fact("action", "taken", "action.taken", Facts.ActionTaken, "Somebody with a session did something"),
  fact("session", "started", "session.started", Facts.SessionFact, "A session began"),
  fact("session", "ended", "session.ended", Facts.SessionFact, "A session ended"),
  fact("onboarding", "shown", "onboarding.shown", OnboardingFact, "A step of onboarding was shown"),
  fact("onboarding", "ended", "onboarding.ended", OnboardingFact, "A step of onboarding ended"),
  fact("onboarding", "reopened", "onboarding.reopened", OnboardingFact, "A step of onboarding was opened again"),
  fact("onboarding", "finished", "onboarding.finished", OnboardingFact, "Onboarding as a whole ended"),
  message("schemas", SchemaList, { _tag: "answer" }, [Subject.SCHEMAS], "Every schema by name, with its subjects"),
]

export const schemaList: SchemaList = {
  v: 1,
  version: CONTRACT_VERSION,
  schemas: MESSAGES.map(({ name, subjects }) => ({ name, subjects })),
}
