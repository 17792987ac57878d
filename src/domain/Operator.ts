/**
 * Outside operators: who may follow the public streams with a NATS client, and how much of them.
 *
 * In: the operators file (docs/guides/operators.md). Out: the same, checked, and what each may do in subjects. Promises:
 * deny by default: what the file does not grant is not granted; every fault is told with its path; unknown keys are
 * faults. No grant reaches frames, quarantine, admin calls, internal buckets or another operator.
 */
import { Schema } from "effect"
import { withDefault } from "./ConfigValues.ts"
import { token, VenueId } from "./Instrument.ts"
import { OpportunityType } from "./Opportunity.ts"
import { ALL_SCHEMAS, fact, SCHEMAS } from "./Subject.ts"
import { TICK_KINDS } from "./Tick.ts"

const matching = (pattern: RegExp, right: string) =>
  Schema.String.check(Schema.makeFilter((text: string) => pattern.test(text) || right))

/** Also part of an account's name and of the inbox prefix, so no dots and no wildcards. */
export const OperatorName = matching(/^[a-z][a-z0-9-]{0,31}$/, "a name of a-z, 0-9 and -, such as desk-1")

/** The service's own user. */
export const SERVICE_USER = "arbedge"

/** Only the verifier: `$2a$`, since servers before 2.10 take no other form for a hash. */
const Bcrypt = Schema.Struct({
  bcrypt: matching(/^\$2a\$\d{2}\$[./A-Za-z0-9]{53}$/, "a bcrypt hash as `arbedge nats credential` prints it"),
})
/** The public key of a user; its seed stays with the operator. */
const Nkey = Schema.Struct({ nkey: matching(/^U[A-Z2-7]{55}$/, "the public key of a user, which begins with U") })

const allOr = <S extends Schema.Constraint>(item: S) => Schema.Union([Schema.Literal("all"), Schema.Array(item)])

/** Durable facts that name no person and no recipient. */
export const PublicFact = Schema.Literals(["opportunity.outcome", "identity.suspected"])

const between = (least: number, most: number) => Schema.Int.check(Schema.isBetween({ minimum: least, maximum: most }))

export const OperatorLimits = Schema.Struct({
  connections: withDefault(between(1, 1_000), 4),
  /** Of all his connections together. */
  subscriptions: withDefault(between(1, 100_000), 256),
  /** Of what he sends: requests are small. */
  payloadBytes: withDefault(between(256, 65_536), 4_096),
})

export const Operator = Schema.Struct({
  name: OperatorName.check(
    Schema.makeFilter((name: string) => name !== SERVICE_USER || `"${SERVICE_USER}" is the service's own user`),
  ),
  credential: Schema.Union([Bcrypt, Nkey]),
  /** Whose live ticks, and whose entries of `market_data`. */
  venues: withDefault(allOr(VenueId), []),
  /** Which live ticks; `gap` and `stale` are always told. */
  kinds: withDefault(allOr(Schema.Literals(TICK_KINDS)), "all"),
  /** Which opportunities. */
  types: withDefault(allOr(OpportunityType), []),
  /** Reads stored opportunities by their sequence, and `opportunity` by id. */
  history: withDefault(Schema.Boolean, false),
  facts: withDefault(Schema.Array(PublicFact), []),
  limits: withDefault(OperatorLimits, {}),
}).check(
  Schema.makeFilter(({ history, types }) =>
    !history || types === "all" || {
      path: ["history"],
      issue: 'stored opportunities are read by their sequence, whatever their type: it needs "types": "all"',
    }
  ),
  Schema.makeFilter(({ facts, types, venues }) =>
    [facts, types, venues].some((granted) => granted.length > 0) ||
    "he is granted nothing: give venues, types or facts"
  ),
)
export type Operator = typeof Operator.Type

export const Operators = Schema.Struct({
  /** Of the service's own user, `arbedge`. */
  service: Bcrypt,
  operators: Schema.Array(Operator).check(
    Schema.makeFilter((operators: ReadonlyArray<{ readonly name: string }>) =>
      operators.flatMap(({ name }, at) =>
        operators.findIndex((other) => other.name === name) === at
          ? []
          : [{ path: [at, "name"], issue: `"${name}" is there twice` }]
      )
    ),
  ),
  /** Where the server keeps its streams. */
  storeDir: withDefault(Schema.String.check(Schema.isMinLength(1)), "/data"),
  /** How long the server tries to write to who does not read, before it cuts him off. */
  writeDeadlineMs: withDefault(between(100, 30_000), 1_000),
  /** How much it holds for one connection; the service's own readers ask for up to 64 MB. */
  maxPendingBytes: withDefault(between(1_048_576, 1_073_741_824), 67_108_864),
})
export type Operators = typeof Operators.Type

const decode = Schema.decodeUnknownEffect(Operators)

/** Every fault is told with its path; unknown keys are faults. */
export const fromUnknown = (value: unknown) => decode(value, { errors: "all", onExcessProperty: "error" })

/** What one operator may do, in the subjects of the service's account. */
export interface Grants {
  /** Live subjects. */
  readonly follows: ReadonlyArray<string>
  /** Requests, each answered by one message. */
  readonly asks: ReadonlyArray<string>
}

const EVENTS = ["gap", "stale"]

const liveOf = ({ kinds, venues }: Operator): ReadonlyArray<string> => {
  const places = venues === "all" ? ["*"] : venues.map(token)
  const told = kinds === "all" ? null : [...new Set([...kinds, ...EVENTS])]
  return places.flatMap((venue) =>
    told === null ? [venue === "*" ? "md.v1.>" : `md.v1.${venue}.>`] : told.map((kind) => `md.v1.${venue}.*.*.${kind}`)
  )
}

/** One value of a bucket by its key, by the name of the key: so a grant can say which keys. */
const valueOf = (bucket: string, keys: string): string => `$JS.API.DIRECT.GET.KV_${bucket}.$KV.${bucket}.${keys}`
const aboutStream = (stream: string): string => `$JS.API.STREAM.INFO.${stream}`

const bucketsOf = ({ history, types, venues }: Operator): ReadonlyArray<string> => {
  const markets = venues === "all" ? [">"] : venues.map((venue) => `${token(venue)}.>`)
  const analyses = types === "all" ? [">"] : types.map((type) => `${type}.>`)
  const grants = { market_data: markets, analysis: analyses, opportunity: history ? [">"] : [] }
  return Object.entries(grants).flatMap(([bucket, keys]) =>
    keys.length === 0 ? [] : [aboutStream(`KV_${bucket}`), ...keys.map((key) => valueOf(bucket, key))]
  )
}

export const grantsOf = (operator: Operator): Grants => {
  const types = operator.types === "all" ? ["opp.v1.>"] : operator.types.map((type) => `opp.v1.${type}.>`)
  const facts = operator.facts.map((name) => name.split(".")).map(([area = "", event = ""]) => fact(area, event))
  const stored = operator.history ? [aboutStream("OPP"), "$JS.API.STREAM.MSG.GET.OPP"] : []
  return {
    follows: [...liveOf(operator), ...types, ...facts],
    asks: [SCHEMAS, ALL_SCHEMAS, ...stored, ...bucketsOf(operator)],
  }
}

/** The only inbox he may listen on; his client must be told of it. */
export const inboxPrefixOf = ({ name }: Pick<Operator, "name">): string => `_INBOX_${name}`

const ACCOUNT_PREFIX = "OPERATOR_"

/** Each operator has an account of his own on the server. */
export const accountOf = ({ name }: Pick<Operator, "name">): string => ACCOUNT_PREFIX + name
/** Whose account it is. */
export const operatorOf = (account: string): string => account.replace(ACCOUNT_PREFIX, "")

/** Where the server tells that a connection of an account ended, and why. */
export const disconnectOf = (account: string): string => `$SYS.ACCOUNT.${account}.DISCONNECT`
export const EVERY_DISCONNECT = disconnectOf("*")
