/**
 * The bot as a whole: intake, router and reactions, to be fed by polling or by a webhook.
 *
 * In: the Telegram client, sessions and what the Store keeps. Out: `Updates`. Use one of `layerPolling`, which feeds
 * itself, and `layer` under `http/TelegramWebhook.ts`. Promises: several processes may have it: one polls and one reacts,
 * and when it is gone another does.
 */
import { Layer } from "effect"
import type { Leases } from "../../layers/Leases.ts"
import type { Outbox } from "../../layers/Outbox.ts"
import type { SessionAnalytics } from "../../layers/SessionAnalytics.ts"
import type { Store } from "../../layers/Store.ts"
import type { TelegramUpdates } from "../../layers/TelegramUpdates.ts"
import * as ActivityCount from "./ActivityCount.ts"
import * as CommandMenus from "./CommandMenus.ts"
import * as Dispatcher from "./Dispatcher.ts"
import * as Registrars from "./groups/Registrars.ts"
import * as Polling from "./Polling.ts"
import * as Updates from "./Updates.ts"
import type { BotServices } from "./Visit.ts"

export type Needs = BotServices | SessionAnalytics | Outbox | TelegramUpdates | Leases | Store

/** `owner` is unique for each process. */
export const layer = (owner: string): Layer.Layer<Updates.Updates, never, Needs> =>
  Layer.provide(Updates.layer(owner), Layer.provide(Dispatcher.layer, ActivityCount.layer)).pipe(
    Layer.merge(Layer.merge(CommandMenus.layer(owner), Registrars.layer)),
  )

export const layerPolling = (options: Polling.PollingOptions): Layer.Layer<Updates.Updates, never, Needs> =>
  Layer.provideMerge(Polling.layer(options), layer(options.owner))
