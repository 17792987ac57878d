/**
 * The PriceAlerts port: what users asked to be told of, `price_alerts`.
 *
 * In: wishes of users; what prices did. Out: alerts, and notices owed for them. Promises: an alert fires once for each
 * time it was armed, whoever asks and however often: its state and the notice change in one statement; a user never has
 * more than the limit; every change is told on the channel `alerts`.
 */
import { Context, type Effect, type Option, type Stream } from "effect"
import type { PriceAlert, WantedAlert } from "../domain/PriceAlert.ts"
import type { StoreError } from "./Store.ts"

/** `Known`: they have the very same already. */
export type Added =
  | { readonly _tag: "Added"; readonly alert: PriceAlert }
  | { readonly _tag: "Known" }
  | { readonly _tag: "TooMany" }

/** `Unknown`: changes may have been missed. */
export type AlertChange =
  | { readonly _tag: "Changed"; readonly alertId: number }
  | { readonly _tag: "Unknown" }

export class PriceAlerts extends Context.Service<PriceAlerts, {
  /** `armed`: a price is known, and it is not beyond. `limit`: how many they may have that are not done. */
  readonly add: (options: {
    readonly userId: string
    readonly wanted: WantedAlert
    readonly armed: boolean
    readonly limit: number
    readonly nowMs: number
  }) => Effect.Effect<Added, StoreError>
  /** False: they have no such alert. */
  readonly remove: (userId: string, alertId: number) => Effect.Effect<boolean, StoreError>
  /** Those of a user that are not done, oldest first. */
  readonly of: (userId: string) => Effect.Effect<ReadonlyArray<PriceAlert>, StoreError>
  /** Everybody's that are not done. */
  readonly watched: Effect.Effect<ReadonlyArray<PriceAlert>, StoreError>
  /** One of them; none: done or deleted. */
  readonly watchedOne: (alertId: number) => Effect.Effect<Option.Option<PriceAlert>, StoreError>
  /** A new or fired one. False: it is neither. */
  readonly arm: (alertId: number, nowMs: number) => Effect.Effect<boolean, StoreError>
  /** An armed one; its notice is owed from now on. False: it is not armed. */
  readonly fire: (options: {
    readonly alertId: number
    readonly price: string
    /** How many venues the price is of. */
    readonly venues: number
    readonly simulated: boolean
    readonly nowMs: number
  }) => Effect.Effect<boolean, StoreError>
  /** Endless; begins with `Unknown`, once it listens. */
  readonly changes: Stream.Stream<AlertChange, StoreError>
}>()("arbedge/PriceAlerts") {}
