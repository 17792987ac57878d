/**
 * Assembly: the layers that every whole run shares, over whatever bus, store, cluster and messenger it was given.
 *
 * In: options of a process. Out: repositories, actors and their clients, the audience, ingest. Promises: demo, replay
 * and run differ only in the layers they put under this.
 */
import { type Duration, Layer } from "effect"
import * as Coordinator from "../actors/Coordinator.ts"
import * as MarketData from "../actors/MarketData.ts"
import * as RateLimiter from "../actors/RateLimiter.ts"
import * as Session from "../actors/Session.ts"
import * as UserQueue from "../actors/UserQueue.ts"
import type { DataSource } from "../domain/Frame.ts"
import type { FeedRequest } from "../domain/Feed.ts"
import * as Repositories from "../layers/sql/Repositories.ts"
import type { Vault, VaultError } from "../layers/Vault.ts"
import { Audience } from "../streams/Audience.ts"
import { Ingest } from "../streams/Ingest.ts"
import { feedSink } from "../streams/Pipeline.ts"
import * as UserCaching from "../streams/UserCaching.ts"
import { ensureStreams } from "../streams/Topology.ts"

export interface AssemblyOptions {
  readonly owner: string
  readonly sessionTimeout: Duration.Duration
  /** What seals secrets before they are stored. */
  readonly vault: Layer.Layer<Vault, VaultError>
}

/** Actors that own users, opportunities and sending, with their clients; and what they stand on. */
export const people = ({ sessionTimeout, vault }: AssemblyOptions) =>
  Layer.mergeAll(
    Session.behaviour({ timeout: sessionTimeout }),
    UserQueue.behaviour,
    Coordinator.behaviour(),
    RateLimiter.behaviour(),
  ).pipe(
    Layer.provideMerge(Layer.mergeAll(
      Session.SessionClient.layer({ timeout: sessionTimeout }),
      UserQueue.UserQueueClient.layer,
      Coordinator.CoordinatorClient.layer,
      RateLimiter.RateLimiterClient.layer,
      Audience.layer,
    )),
    Layer.provideMerge(Repositories.layer),
    Layer.provideMerge(UserCaching.layer),
    Layer.provideMerge(vault),
    Layer.provideMerge(Layer.effectDiscard(ensureStreams)),
  )

export interface FeedsOptions {
  readonly owner: string
  readonly requests: ReadonlyArray<FeedRequest>
  readonly source: DataSource
  /** Spot markets are framed by venue as well: detectors that stay on one venue ask for it. */
  readonly venues: boolean
}

/** The owners of the venues' feeds, and the stage they feed. */
export const feeds = ({ owner, requests, source, venues }: FeedsOptions) =>
  MarketData.behaviour({ requests, owner }).pipe(
    Layer.provideMerge(MarketData.MarketDataClient.layer),
    Layer.provide(feedSink),
    Layer.provideMerge(Ingest.layer({ writer: `${owner}.0`, source, live: true, venues })),
  )
