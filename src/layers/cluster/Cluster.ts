/**
 * The cluster runtime that actors live on: one process by default, several by configuration, the same actors on both.
 *
 * In: settings, and for several processes the Store's SqlClient (a pool of 4 at least: advisory locks hold one
 * connection). Out: `Sharding`. Promises: one activation a key over all processes; ready only when the initial shards
 * are held; messages are volatile (what is owed to a user is a row), so nothing here is a queue that survives.
 * A killed process is noticed within `lockExpiry`, its actors come back elsewhere at the next message.
 */
import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
import { Duration, Effect, Layer, Option } from "effect"
import * as MessageStorage from "effect/cluster/MessageStorage"
import * as RunnerAddress from "effect/cluster/RunnerAddress"
import * as RunnerHealth from "effect/cluster/RunnerHealth"
import * as Runners from "effect/cluster/Runners"
import * as RunnerStorage from "effect/cluster/RunnerStorage"
import * as Sharding from "effect/cluster/Sharding"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as SocketRunner from "effect/cluster/SocketRunner"
import * as SqlRunnerStorage from "effect/cluster/SqlRunnerStorage"
import * as ShardId from "effect/cluster/ShardId"
import * as RpcSerialization from "effect/rpc/RpcSerialization"
import type { SocketServerError } from "effect/socket/SocketServer"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"

/** Which actors share shards: sessions and user queues; coordinators; venues; the limiter. */
export type ShardGroup = "users" | "market" | "feeds" | "delivery"

export const SHARD_GROUPS: ReadonlyArray<ShardGroup> = ["users", "market", "feeds", "delivery"]

/** Effect's own singletons (the health check of runners) live here, so every process takes part in it. */
const RUNTIME_GROUP = "default"

/** The same in every process of one cluster, for ever: a key's shard is computed from it. */
const SHARDS_PER_GROUP = 300

export interface ClusterOptions {
  /** Actors resident in this process at most, over all types; the next one fails with `MailboxFull`. 60,000. */
  readonly maxResidentEntities?: number
  /** Whose actors this process hosts: by its roles. All by default; others are only called. */
  readonly groups?: ReadonlyArray<ShardGroup>
  /** Encodes every message also inside one process, as between two: tests. Off by default. */
  readonly simulateRemoteSerialization?: boolean
}

export interface ManyProcessesOptions extends ClusterOptions {
  /** Where the other processes reach this one; unique in the cluster. */
  readonly host: string
  readonly port: number
  /** Where to listen, if that differs (a container). */
  readonly listen?: { readonly host: string; readonly port: number }
  /** How long a process that fell silent keeps its actors. 12 seconds. */
  readonly lockExpiry?: Duration.Duration
  /** How often locks are refreshed, a third of the expiry at most. 4 seconds. */
  readonly lockRefresh?: Duration.Duration
  /** How often the list of processes is read. 2 seconds. */
  readonly poll?: Duration.Duration
  /** Tables `<prefix>_runners`, `<prefix>_locks`. "cluster". */
  readonly tablePrefix?: string
}

const shared = (options: ClusterOptions): Partial<ShardingConfig.ShardingConfig["Service"]> => ({
  maxResidentEntities: options.maxResidentEntities ?? 60_000,
  availableShardGroups: [RUNTIME_GROUP, ...SHARD_GROUPS],
  assignedShardGroups: [RUNTIME_GROUP, ...(options.groups ?? SHARD_GROUPS)],
  shardsPerGroup: SHARDS_PER_GROUP,
  simulateRemoteSerialization: options.simulateRemoteSerialization ?? false,
  // An actor that will not end must not hold up a shutdown for long: what it owes is in rows.
  entityTerminationTimeout: Duration.seconds(5),
  // All actors of a process are registered while its layers are built; a message of a type nobody hosts is a fault.
  entityRegistrationTimeout: Duration.seconds(10),
})

/** Yields that acquiring the first shards takes at most in one process; no time passes meanwhile. */
const STARTING_YIELDS = 10_000

/** In one process all shards are its own, so a caller need not wait (nor a test clock move) for the first answer. */
const holdAllShards = (groups: ReadonlyArray<ShardGroup>) =>
  Effect.gen(function* () {
    const sharding = yield* Sharding.Sharding
    const holdsAll = () =>
      groups.every((group) =>
        Array.from({ length: SHARDS_PER_GROUP }, (_, index) => ShardId.make(group, index + 1))
          .every((shard) => sharding.hasShardId(shard))
      )
    for (let tries = 0; !holdsAll(); tries++) {
      if (tries === STARTING_YIELDS) return yield* Effect.die(new Error("the cluster did not get its shards"))
      yield* Effect.yieldNow
    }
  })

/**
 * One process has nobody to agree with, so its shards are looked after once an hour: virtual time can jump by days, as
 * in replay, without the runtime waking for each poll of them.
 */
const undisturbed: Partial<ShardingConfig.ShardingConfig["Service"]> = {
  refreshAssignmentsInterval: Duration.hours(1),
  shardLockRefreshInterval: Duration.hours(1),
  shardLockExpiration: Duration.hours(3),
  runnerHealthCheckInterval: Duration.hours(1),
}

/** One process, nothing stored: every shard is held in memory. */
export const layerOneProcess = (options: ClusterOptions = {}): Layer.Layer<Sharding.Sharding> =>
  Layer.effectDiscard(holdAllShards(options.groups ?? SHARD_GROUPS)).pipe(
    Layer.provideMerge(Sharding.layer),
    Layer.provide(Runners.layerNoop),
    Layer.provide([MessageStorage.layerNoop, RunnerStorage.layerMemory, RunnerHealth.layerNoop]),
    Layer.provide(ShardingConfig.layer({ ...shared(options), ...undisturbed })),
  )

/**
 * One of several processes on one database. They speak over TCP in a binary form; who holds which shard is agreed by
 * advisory locks. Fails if the port is taken or the database refuses.
 */
export const layerManyProcesses = (
  options: ManyProcessesOptions,
): Layer.Layer<Sharding.Sharding, SocketServerError | SqlError, SqlClient.SqlClient> => {
  const listen = options.listen ?? options
  const health = RunnerHealth.layerPing.pipe(
    Layer.provide(Runners.layerRpc),
    Layer.provide(NodeClusterSocket.layerClientProtocol),
  )
  return SocketRunner.layer.pipe(
    Layer.provide([NodeClusterSocket.layerSocketServer, NodeClusterSocket.layerClientProtocol, health]),
    Layer.provide([
      MessageStorage.layerNoop,
      SqlRunnerStorage.layerWith({ prefix: options.tablePrefix ?? "cluster" }),
    ]),
    Layer.provide(ShardingConfig.layer({
      ...shared(options),
      runnerAddress: Option.some(RunnerAddress.make(options.host, options.port)),
      runnerListenAddress: Option.some(RunnerAddress.make(listen.host, listen.port)),
      shardLockExpiration: options.lockExpiry ?? Duration.seconds(12),
      shardLockRefreshInterval: options.lockRefresh ?? Duration.seconds(4),
      refreshAssignmentsInterval: options.poll ?? Duration.seconds(2),
      runnerHealthCheckInterval: Duration.seconds(5),
    })),
    Layer.provide(RpcSerialization.layerSchemaBinary()),
  )
}
