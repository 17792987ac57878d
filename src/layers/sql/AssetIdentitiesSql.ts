/**
 * Asset identities over SQL.
 *
 * In: the AssetIdentities port's calls. Out: rows of `asset_identities`, and a fact in the outbox for each new one.
 * Promises: row and fact are one transaction; that a suspicion is news is decided by the insert itself, so of two
 * processes that see it at once one is told so.
 */
import { Effect, Layer, Schema } from "effect"
import { IdentityStatus, type Suspicion } from "../../domain/AssetIdentity.ts"
import * as Subject from "../../domain/Subject.ts"
import { AssetIdentities, type IdentityRow, type NewDecision } from "../AssetIdentities.ts"
import { Outbox } from "../Outbox.ts"
import { Store } from "../Store.ts"
import { all, at, count, EpochMs } from "./Rows.ts"

const Row = Schema.Struct({
  asset: Schema.String,
  venue: Schema.String,
  symbol: Schema.String,
  otherVenue: Schema.String,
  otherSymbol: Schema.String,
  status: IdentityStatus,
  bound: Schema.Finite,
  spread: Schema.String,
  seenAt: EpochMs,
  decidedBy: Schema.NullOr(Schema.String),
  decidedAt: Schema.NullOr(EpochMs),
})

const identityOf = ({ otherSymbol, otherVenue, symbol, venue, ...row }: typeof Row.Type): IdentityRow => ({
  ...row,
  a: { venue, symbol },
  b: { venue: otherVenue, symbol: otherSymbol },
})

const SUSPECTED = Subject.fact("identity", "suspected")

const make = Effect.gen(function* () {
  const { sql, transaction } = yield* Store
  const outbox = yield* Outbox
  const columns = sql.literal(`asset, venue, symbol, other_venue as "otherVenue", other_symbol as "otherSymbol", status,
    bound, spread, seen_at as "seenAt", decided_by as "decidedBy", decided_at as "decidedAt"`)

  const insert = ({ a, asset, at: seenAt, b, bound, spread }: Suspicion) => {
    const row = {
      asset,
      venue: a.venue,
      symbol: a.symbol,
      other_venue: b.venue,
      other_symbol: b.symbol,
      status: "suspect",
      bound,
      spread,
      seen_at: at(seenAt),
    }
    return sql`with added as (
        insert into asset_identities ${sql.insert(row)}
        on conflict (venue, symbol, other_venue, other_symbol) do nothing returning 1
      )
      select count(*) as count from added`.pipe(
      count("AssetIdentities.suspect"),
      Effect.map((added) => added === 1),
    )
  }

  const suspect = Effect.fn("AssetIdentities.suspect")(function* (suspicion: Suspicion, nowMs: number) {
    const isNews = yield* insert(suspicion)
    if (isNews) yield* outbox.append([{ subject: SUSPECTED, payload: { v: 1, ...suspicion } }], nowMs)
    return isNews
  }, transaction)

  const every = sql`select ${columns} from asset_identities order by seen_at desc, identity_id desc`.pipe(
    all("AssetIdentities.all", Row),
    Effect.map((rows) => rows.map(identityOf)),
    Effect.withSpan("AssetIdentities.all"),
  )

  const suspects = Effect.fn("AssetIdentities.suspects")((limit: number) =>
    sql`select ${columns} from asset_identities where status = 'suspect'
      order by seen_at, identity_id limit ${limit}`.pipe(
      all("AssetIdentities.suspects", Row),
      Effect.map((rows) => rows.map(identityOf)),
    )
  )

  const decide = Effect.fn("AssetIdentities.decide")(({ by, nowMs, pair: { a, b }, status }: NewDecision) =>
    sql`with decided as (
        update asset_identities set status = ${status}, decided_by = ${by}, decided_at = ${at(nowMs)}
        where venue = ${a.venue} and symbol = ${a.symbol} and other_venue = ${b.venue} and other_symbol = ${b.symbol}
        returning 1
      )
      select count(*) as count from decided`.pipe(
      count("AssetIdentities.decide"),
      Effect.map((decided) => decided === 1),
    )
  )

  return { suspect, all: every, suspects, decide }
})

export const layer: Layer.Layer<AssetIdentities, never, Store | Outbox> = Layer.effect(AssetIdentities, make)
