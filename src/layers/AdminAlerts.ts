/**
 * The AdminAlerts port: what is known of each alert to admins, `admin_alerts`.
 *
 * In: names of alerts, and what is known of them afterwards. Out: what was known before. Promises: whoever has read an
 * alert inside a transaction is alone with it until that ends.
 */
import { Context, type Effect } from "effect"
import type { AlertState } from "../domain/AdminAlert.ts"
import type { StoreError } from "./Store.ts"

export class AdminAlerts extends Context.Service<AdminAlerts, {
  /** By name, each one asked for; one never seen is quiet. Call it in a transaction. */
  readonly lock: (names: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, AlertState>, StoreError>
  readonly save: (states: ReadonlyMap<string, AlertState>) => Effect.Effect<void, StoreError>
}>()("arbedge/AdminAlerts") {}
