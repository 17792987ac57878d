/**
 * The bot as a whole: intake, router and reactions, to be fed by polling or by a webhook.
 *
 * In: the Telegram client, sessions and what the Store keeps. Out: `Updates`. Use one of `layerPolling`, which feeds
 * itself, and `layer` under `http/TelegramWebhook.ts`.
 */
import { Layer } from "effect"
import type { SessionClient } from "../../actors/Session.ts"
import type { Opportunities } from "../../layers/Opportunities.ts"
import type { Telegram } from "../../layers/Telegram.ts"
import type { TelegramUpdates } from "../../layers/TelegramUpdates.ts"
import type { Users } from "../../layers/Users.ts"
import * as Dispatcher from "./Dispatcher.ts"
import * as Polling from "./Polling.ts"
import * as Updates from "./Updates.ts"

export type Needs = Telegram | Users | Opportunities | SessionClient | TelegramUpdates

export const layer: Layer.Layer<Updates.Updates, never, Needs> = Layer.provide(Updates.layer, Dispatcher.layer)

export const layerPolling = (options: Polling.PollingOptions = {}): Layer.Layer<Updates.Updates, never, Needs> =>
  Layer.provideMerge(Polling.layer(options), layer)
