/**
 * The Opportunities port: every opportunity at its newest revision, table `global_opportunities`.
 *
 * In: transitions in any order. Out: opportunities, open ones best first. Promises: an older revision never replaces a
 * newer one.
 */
import { Context, type Effect, type Option } from "effect"
import type { Opportunity } from "../domain/Opportunity.ts"
import type { StoreError } from "./Store.ts"

export class Opportunities extends Context.Service<Opportunities, {
  /** Out: true if this revision is news, false if the same or a newer one was there. */
  readonly upsert: (opportunity: Opportunity, nowMs: number) => Effect.Effect<boolean, StoreError>
  readonly byId: (id: string) => Effect.Effect<Option.Option<Opportunity>, StoreError>
  /** Those whose ids begin so (lower-case hexadecimal digits), in order. */
  readonly beginningWith: (prefix: string, limit: number) => Effect.Effect<ReadonlyArray<Opportunity>, StoreError>
  /** Those of them that are known, in no order. */
  readonly byIds: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Opportunity>, StoreError>
  /** Those detected in `[fromMs, untilMs)`, the newest first. */
  readonly detectedIn: (
    fromMs: number,
    untilMs: number,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<Opportunity>, StoreError>
  /** Those not closed whose lifetime has not run out, best first: by priority, then net bps. */
  readonly open: (nowMs: number, limit: number) => Effect.Effect<ReadonlyArray<Opportunity>, StoreError>
  /** Those not closed whose lifetime has run out: whom the coordinator forgot. */
  readonly overdue: (nowMs: number, limit: number) => Effect.Effect<ReadonlyArray<Opportunity>, StoreError>
}>()("arbedge/Opportunities") {}
