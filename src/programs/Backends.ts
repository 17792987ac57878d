/**
 * Backends: which bus, store and cluster the settings ask for. Nothing set: everything in this process.
 *
 * In: settings. Out: layers. Promises: the choice is made here and nowhere else; several processes are only offered
 * where both servers are set, because an embedded bus or store cannot be shared.
 */
import { join } from "node:path"
import { Effect, Layer, Option, Schema } from "effect"
import type { Sharding } from "effect/cluster/Sharding"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Settings } from "../domain/Settings.ts"
import type { Bus, BusError } from "../layers/Bus.ts"
import * as Cluster from "../layers/cluster/Cluster.ts"
import * as EmbeddedBus from "../layers/embedded/Bus.ts"
import * as EmbeddedRestBudgets from "../layers/embedded/RestBudgets.ts"
import * as NatsBus from "../layers/nats/Bus.ts"
import * as Pglite from "../layers/pglite/Pglite.ts"
import * as Postgres from "../layers/postgres/Postgres.ts"
import * as TemporaryDatabase from "../layers/postgres/TemporaryDatabase.ts"
import type { RestBudgets } from "../layers/RestBudgets.ts"
import * as OpportunitiesSql from "../layers/sql/OpportunitiesSql.ts"
import * as DirectorySql from "../layers/sql/DirectorySql.ts"
import * as OpportunityQueueSql from "../layers/sql/OpportunityQueueSql.ts"
import * as OpportunityViewsSql from "../layers/sql/OpportunityViewsSql.ts"
import * as OutboxSql from "../layers/sql/OutboxSql.ts"
import * as RestBudgetsSql from "../layers/sql/RestBudgetsSql.ts"
import * as StandingsSql from "../layers/sql/StandingsSql.ts"
import * as ToldHistorySql from "../layers/sql/ToldHistorySql.ts"
import * as TrackRecordSql from "../layers/sql/TrackRecordSql.ts"
import * as UsersSql from "../layers/sql/UsersSql.ts"
import type { Directory } from "../layers/Directory.ts"
import type { Opportunities } from "../layers/Opportunities.ts"
import type { Store, StoreError } from "../layers/Store.ts"
import type { TrackRecord } from "../layers/TrackRecord.ts"
import * as TracedBus from "../layers/telemetry/TracedBus.ts"
import { Vault, type VaultError } from "../layers/Vault.ts"
import * as EnvelopeVault from "../layers/vault/EnvelopeVault.ts"
import type { KeySource } from "../layers/vault/MasterKeys.ts"
import type { TraceServices } from "./UserTraces.ts"

/** The settings do not go together; told with the variable to change. */
export class BadSettings extends Schema.TaggedError<BadSettings>()("BadSettings", { detail: Schema.String }) {
  override get message(): string {
    return this.detail
  }
}

const IN_MEMORY = "memory"

export const isEmbedded = (settings: Settings): boolean => Option.isNone(settings.postgresUrl)

/** The folder of the embedded store; none: it is kept in memory, or there is none. */
export const dataFolder = (settings: Settings): Option.Option<string> =>
  settings.dataDir === IN_MEMORY ? Option.none() : Option.some(settings.dataDir)

/** Where traces are kept its messages carry them. */
export const busOf = (settings: Settings): Layer.Layer<Bus, BusError> =>
  Option.isSome(settings.otlpUrl) ? Layer.provide(TracedBus.layer, plainBusOf(settings)) : plainBusOf(settings)

const plainBusOf = (settings: Settings): Layer.Layer<Bus, BusError> =>
  Option.match(settings.natsUrl, {
    onNone: () => EmbeddedBus.layer(),
    onSome: (url) => {
      const prefix = settings.streamPrefix
      return NatsBus.layer(prefix === "" ? { url } : { url, streamPrefix: prefix, subjectPrefix: prefix })
    },
  })

export const storeOf = (settings: Settings): Layer.Layer<Store | SqlClient.SqlClient, StoreError> =>
  Option.match(settings.postgresUrl, {
    onNone: () => Pglite.layer({ dataDir: dataFolder(settings) }),
    onSome: (url) => Postgres.layer({ url }),
  })

/** What to do on a server without a master key. */
export const NO_MASTER_KEY =
  "no master key is set: set ARBEDGE_MASTER_KEYS (or ARBEDGE_MASTER_KEYS_FILE) to what `arbedge keys new` prints, the " +
  "same in every process"

/** Where master keys come from; none: a server, and none is set. */
export const keySourceOf = (settings: Settings): Option.Option<KeySource> => {
  if (Option.isSome(settings.masterKeys)) return Option.some({ _tag: "Setting", text: settings.masterKeys.value })
  if (Option.isSome(settings.masterKeysFile)) {
    return Option.some({ _tag: "File", path: settings.masterKeysFile.value, make: false })
  }
  if (!isEmbedded(settings)) return Option.none()
  return Option.some(Option.match(dataFolder(settings), {
    onNone: (): KeySource => ({ _tag: "Ephemeral" }),
    onSome: (folder): KeySource => ({ _tag: "File", path: join(folder, "master.keys"), make: true }),
  }))
}

export const vaultOf = (settings: Settings): Layer.Layer<Vault, VaultError> =>
  Option.match(keySourceOf(settings), {
    onNone: (): Layer.Layer<Vault, VaultError> => Vault.absent(NO_MASTER_KEY),
    onSome: EnvelopeVault.layer,
  })

/** For commands that read what was recorded of opportunities. */
export const trackRecordOf = (settings: Settings): Layer.Layer<Opportunities | TrackRecord, StoreError> =>
  Layer.mergeAll(OpportunitiesSql.layer, TrackRecordSql.layer.pipe(Layer.provide(OutboxSql.layer))).pipe(
    Layer.provide(storeOf(settings)),
  )

/** For commands that read why a user was told, or not. */
export const tracesOf = (settings: Settings): Layer.Layer<TraceServices | Directory | Opportunities, StoreError> =>
  Layer.mergeAll(
    DirectorySql.layer,
    OpportunitiesSql.layer,
    OpportunityQueueSql.layer,
    OpportunityViewsSql.layer,
    StandingsSql.layer,
    ToldHistorySql.layer,
    UsersSql.layer,
  ).pipe(Layer.provide(storeOf(settings)))

/**
 * For commands that ask venues beside a service: its budgets of REST calls where the store is a server that answers,
 * else their own.
 */
export const restBudgetsOf = (settings: Settings): Layer.Layer<RestBudgets> =>
  Option.match(settings.postgresUrl, {
    onNone: () => EmbeddedRestBudgets.layer,
    onSome: (url) =>
      RestBudgetsSql.layer.pipe(
        Layer.provide(Postgres.layer({ url })),
        Layer.catch(() => EmbeddedRestBudgets.layer),
      ),
  })

/** `groups`: whose actors this process hosts; those of other groups it only calls. */
export const clusterOf = (
  settings: Settings,
  groups: ReadonlyArray<Cluster.ShardGroup>,
): Layer.Layer<Sharding, BadSettings, SqlClient.SqlClient> =>
  Option.match(settings.clusterPort, {
    onNone: (): Layer.Layer<Sharding, BadSettings> =>
      Cluster.layerOneProcess({ groups, maxResidentEntities: settings.maxActors }),
    onSome: (port) =>
      Option.isNone(settings.natsUrl) || Option.isNone(settings.postgresUrl)
        ? Layer.effectContext(Effect.fail(
          new BadSettings({ detail: "ARBEDGE_CLUSTER_PORT needs ARBEDGE_NATS_URL and ARBEDGE_POSTGRES_URL as well" }),
        ))
        : Cluster.layerManyProcesses({
          host: settings.clusterHost,
          port,
          groups,
          maxResidentEntities: settings.maxActors,
        }).pipe(Layer.orDie),
  })

/** Streams and a database of one run's own, on the servers if there are any: nothing is met there and nothing left. */
export const ownOf = (settings: Settings, owner: string): {
  readonly bus: Layer.Layer<Bus, BusError>
  readonly store: Layer.Layer<Store, StoreError>
} => ({
  bus: Option.match(settings.natsUrl, {
    onNone: () => EmbeddedBus.layer({ whenFull: "wait_for_readers" }),
    onSome: (url) => NatsBus.layer({ url, streamPrefix: `run_${owner}_`, subjectPrefix: `run_${owner}` }),
  }),
  store: Option.match(settings.postgresUrl, {
    onNone: () => Pglite.layer({ dataDir: Option.none() }),
    onSome: TemporaryDatabase.layer,
  }),
})
