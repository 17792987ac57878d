/**
 * The service's own HTTP server: RPC for `arbedge`, and whatever routes the program adds (the Telegram webhook).
 *
 * In: requests at `PATH` with the bearer token that only `service.json` tells. Out: 401 for a missing or wrong token
 * (compared in constant time, before the body is read), 413 over 64 KB, else the answer. Promises: the address and a new
 * random token are in `service.json` while it listens, and gone with it; a live service's file is never taken away.
 */
import process from "node:process"
import { Clock, Effect, Layer, Option, Ref } from "effect"
import * as ByteSize from "effect/ByteSize"
import * as SecureRandom from "effect/crypto/SecureRandom"
import {
  HttpIncomingMessage,
  HttpMiddleware,
  HttpRouter,
  HttpServer,
  HttpServerRequest,
  HttpServerResponse,
} from "effect/http"
import { RpcSerialization, RpcServer } from "effect/rpc"
import * as HttpListener from "../../layers/HttpListener.ts"
import { DeadLetters } from "../../layers/DeadLetters.ts"
import { Audit } from "../../layers/Audit.ts"
import { Directory } from "../../layers/Directory.ts"
import type { Opportunities } from "../../layers/Opportunities.ts"
import { OpportunityQueue } from "../../layers/OpportunityQueue.ts"
import { QueueFigures } from "../../layers/QueueFigures.ts"
import type { SealedRecords } from "../../layers/SealedRecords.ts"
import { Sessions } from "../../layers/Sessions.ts"
import type { StoreError } from "../../layers/Store.ts"
import type { TrackRecord } from "../../layers/TrackRecord.ts"
import type { Vault, VaultError } from "../../layers/Vault.ts"
import { type AdministrationServices, change } from "../../programs/Administration.ts"
import { masterKeyState, rewrapBatch } from "../../programs/KeyRotation.ts"
import { Partitions } from "../../programs/Partitions.ts"
import { explain, scorecardOf } from "../../programs/TrackRecords.ts"
import { explainTo, type TraceServices } from "../../programs/UserTraces.ts"
import type { Role, Watch } from "../../streams/Pipeline.ts"
import { isAuthorized } from "../http/Bearer.ts"
import * as Redirect from "../http/Redirect.ts"
import * as Client from "./Client.ts"
import { Admin, PATH, type Status, Unanswered } from "./Protocol.ts"
import * as ServiceFile from "./ServiceFile.ts"

export interface ServiceOptions {
  readonly version: string
  readonly roles: ReadonlyArray<Role>
  readonly simulated: boolean
  readonly watch: Watch
  /** Where it listens; port 0: any free one. */
  readonly host: string
  readonly port: number
  /** Where `service.json` goes; none: nowhere, and no command finds the service. */
  readonly dataDir: Option.Option<string>
}

const MAX_BODY_BYTES = 64 * 1024

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
/** The connection is closed where the body was not read. */
const refuse = (status: number, error: string) =>
  HttpServerResponse.jsonUnsafe({ error }, { status, headers: { connection: "close" } })

const answered = <A, R>(effect: Effect.Effect<A, StoreError | VaultError, R>) =>
  Effect.mapError(effect, (error) => new Unanswered({ detail: error.message }))

/** Whoever has the token of `service.json`. */
const OPERATOR = { userId: null, role: "superadmin", sessionId: null, command: "arbedge users" } as const

const handlers = (options: ServiceOptions, startedAt: number) =>
  Admin.toLayer(Effect.gen(function* () {
    const queue = yield* OpportunityQueue, sessions = yield* Sessions
    const letters = yield* DeadLetters, figures = yield* QueueFigures
    const stores = yield* Effect.context<Opportunities | TrackRecord | TraceServices | Directory>()
    const sealed = yield* Effect.context<SealedRecords | Vault>()
    const administration = yield* Effect.context<AdministrationServices>()
    const { analysed, delivering, distributed, sources } = options.watch
    const atOnce = <A>(question: (nowMs: number) => Effect.Effect<A, StoreError, Directory>) =>
      answered(Effect.flatMap(Clock.currentTimeMillis, question)).pipe(Effect.provide(administration))
    return {
      Status: () =>
        Effect.gen(function* () {
          const nowMs = yield* Clock.currentTimeMillis
          const progress = Option.getOrNull(yield* Ref.get(analysed))
          const stored = yield* Effect.all({
            partitions: yield* Partitions,
            queue: queue.counts,
            sessionsActive: sessions.countActive(nowMs),
          }).pipe(
            Effect.map((figures) => ({ ...figures, trouble: null })),
            Effect.catch((error) =>
              Effect.succeed({ partitions: null, queue: null, sessionsActive: null, trouble: error.message })
            ),
          )
          return {
            version: options.version,
            roles: options.roles,
            simulated: options.simulated,
            pid: process.pid,
            startedAt,
            uptimeMs: nowMs - startedAt,
            ticks: progress?.figures.ticks ?? 0,
            checks: progress?.figures.checks ?? 0,
            analysedSequence: progress?.sequence ?? null,
            distributedSequence: yield* Ref.get(distributed),
            delivering: yield* Ref.get(delivering),
            sources: yield* Ref.get(sources),
            ...stored,
          } satisfies Status
        }),
      MasterKeys: ({ anew }) => answered(masterKeyState(anew)).pipe(Effect.provide(sealed)),
      RewrapKeys: ({ cursor }) => answered(rewrapBatch(cursor)).pipe(Effect.provide(sealed)),
      ExplainTo: ({ opportunityId, who }) => answered(explainTo(who, opportunityId)).pipe(Effect.provide(stores)),
      Explain: ({ opportunityId }) => answered(explain(opportunityId)).pipe(Effect.provide(stores)),
      QueueFigures: ({ sinceMs }) =>
        Effect.flatMap(Clock.currentTimeMillis, (nowMs) => answered(figures.since(sinceMs, nowMs))),
      DeadLetters: (page) => answered(letters.list(page)),
      DeadLetter: ({ queueId }) => answered(Effect.map(letters.byId(queueId), Option.getOrNull)),
      HandleDeadLetters: ({ order, queueIds }) =>
        Effect.flatMap(Clock.currentTimeMillis, (nowMs) => answered(letters[order](queueIds, nowMs))),
      ListUsers: (filter) => atOnce((nowMs) => Directory.use((directory) => directory.users(filter, nowMs))),
      FindUser: ({ who }) =>
        atOnce((nowMs) => Directory.use((directory) => Effect.map(directory.find(who, nowMs), Option.getOrNull))),
      ChangeUser: ({ change: wanted, who }) =>
        answered(
          change(OPERATOR, who, wanted).pipe(
            Effect.map((user) => ({ user, unchanged: null })),
            Effect.catchTag("Unchanged", ({ reason }) => Effect.succeed({ user: null, unchanged: reason })),
          ),
        ).pipe(Effect.provide(administration)),
      ListSessions: ({ limit }) => atOnce((nowMs) => Directory.use((directory) => directory.sessions(limit, nowMs))),
      VerifyAudit: () => answered(Audit.use(({ verify }) => verify)).pipe(Effect.provide(administration)),
      Scorecard: (query) => answered(scorecardOf(query)).pipe(Effect.provide(stores)),
    }
  }))

/** Adds the RPC route to the router. */
const routes = (options: ServiceOptions, token: string, startedAt: number) =>
  HttpRouter.use((router) =>
    Effect.gen(function* () {
      const answer = yield* RpcServer.toHttpEffect(Admin, { disableFatalDefects: true })
      const guarded = Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        if (!isAuthorized(request.headers["authorization"], token)) return refuse(401, "wrong token")
        if (Number(request.headers["content-length"] ?? 0) > MAX_BODY_BYTES) return refuse(413, "too large")
        return yield* answer.pipe(
          Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.fromInputUnsafe(MAX_BODY_BYTES)),
          Effect.catchDefect(() => Effect.succeed(refuse(400, "not a call"))),
        )
      })
      yield* router.add("POST", PATH, guarded)
    })
  ).pipe(Layer.provide([handlers(options, startedAt), RpcSerialization.layerNdjson]))

/** The address for clients on this machine, also where it listens on every interface. */
const reachableUrl = (server: HttpServer.HttpServer["Service"]): string =>
  HttpServer.formatAddress(server.address).replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//127.0.0.1:")

/** Tells where it listens, unless another live service of this folder has told so before. */
const announce = Effect.fnUntraced(function* (options: ServiceOptions, token: string, startedAt: number) {
  const url = reachableUrl(yield* HttpServer.HttpServer)
  yield* Effect.logInfo(`listening at ${url}`)
  if (Option.isNone(options.dataDir)) return
  const other = yield* Effect.option(Client.status(options.dataDir))
  if (Option.isSome(other)) {
    const path = ServiceFile.pathIn(options.dataDir.value)
    return yield* Effect.logWarning(
      `${path} stays with process ${other.value.pid}; set another ARBEDGE_DATA_DIR to reach this one as well`,
    )
  }
  yield* ServiceFile.hold(options.dataDir.value, { v: 1, url, token, pid: process.pid, startedAt })
})

/** Listens until the scope closes. `more`: further routes of the same server, such as `TelegramWebhook.layer`. */
export const layer = <E = never, R = never>(
  options: ServiceOptions,
  more: Layer.Layer<never, E, HttpRouter.HttpRouter | R> = Layer.empty,
) =>
  Layer.unwrap(Effect.gen(function* () {
    const token = hex(SecureRandom.randomBytesUnsafe(32))
    const startedAt = yield* Clock.currentTimeMillis
    const served = HttpRouter.serve(Layer.mergeAll(routes(options, token, startedAt), more), {
      disableListenLog: true,
      disableLogger: true,
      routerConfig: Redirect.ROUTER_CONFIG,
    })
    return Layer.effectDiscard(announce(options, token, startedAt)).pipe(
      // Whoever asks from outside does not decide what is traced.
      Layer.provideMerge(Layer.provide(served, Layer.succeed(HttpMiddleware.TracerDisabledWhen, () => true))),
      Layer.provideMerge(HttpListener.layer(options)),
    )
  }))
