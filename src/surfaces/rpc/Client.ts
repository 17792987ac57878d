/**
 * How commands reach the running service: by the address and token in `service.json`, never by its data folder.
 *
 * In: the data folder of the settings. Out: the service's answers, or why it could not be reached. Promises: an answer
 * or an error within 5 s; a file left behind by a killed service is told as such; no message holds the token.
 */
import { Duration, Effect, type FileSystem, Layer, Option, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { RpcClient, RpcSerialization } from "effect/rpc"
import type { RpcClientError } from "effect/rpc/RpcClientError"
import { Admin, PATH, type Unanswered } from "./Protocol.ts"
import * as ServiceFile from "./ServiceFile.ts"

const TIMEOUT = Duration.seconds(5)

/**
 * - `not_running`: no service has told where it listens
 * - `stale`: one has, and nobody answers there any more, or somebody else does
 * - `refused`: one answers there and does not take the token
 * - `no_answer`: one is there and does not answer in time, or not in our words
 * Worth a retry: `not_running` and `no_answer`.
 */
export const UnreachableReason = Schema.Literals(["not_running", "stale", "refused", "no_answer"])

export class ServiceUnreachable extends Schema.TaggedError<ServiceUnreachable>()("ServiceUnreachable", {
  reason: UnreachableReason,
  detail: Schema.String,
  fix: Schema.String,
}) {
  get retryable(): boolean {
    return this.reason === "not_running" || this.reason === "no_answer"
  }
  override get message(): string {
    return this.detail
  }
}

const START = "start it with `arbedge run`, in the same folder or with the same ARBEDGE_DATA_DIR"

const notRunning = (detail: string) => new ServiceUnreachable({ reason: "not_running", detail, fix: START })

/** How the server's refusals are told apart: 401 is ours, any other status is somebody else's. */
const failureOf = (file: ServiceFile.ServiceFile, path: string) => (error: RpcClientError): ServiceUnreachable => {
  const named = `${path} names process ${file.pid} at ${file.url}`
  const { reason } = error
  if (reason._tag === "RpcClientDefect") {
    return new ServiceUnreachable({
      reason: "no_answer",
      detail: `${named}, and its answer cannot be read`,
      fix: "use the same version of arbedge as the service",
    })
  }
  const status = reason.cause instanceof Object && "response" in reason.cause ? reason.cause.response : undefined
  if (status instanceof Object && "status" in status && status.status === 401) {
    return new ServiceUnreachable({
      reason: "refused",
      detail: `${named}, which does not take the token`,
      fix: "another service took the port: remove the file, and start the service again",
    })
  }
  return new ServiceUnreachable({
    reason: "stale",
    detail: `${named}, and no service answers there: it ended without a goodbye`,
    fix: `${START}; it replaces the file`,
  })
}

/** Sends the token, and takes no status but 2xx for an answer. */
const authorized = (token: string) =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(HttpClient.HttpClient, (client) =>
      client.pipe(HttpClient.mapRequest(HttpClientRequest.bearerToken(token)), HttpClient.filterStatusOk)),
  ).pipe(Layer.provide(FetchHttpClient.layer))

const unanswered = ({ detail }: Unanswered) =>
  new ServiceUnreachable({
    reason: "no_answer",
    detail: `the service cannot read its store: ${detail}`,
    fix: "run `arbedge doctor`",
  })

type Call<A> = (
  client: RpcClient.FromGroup<typeof Admin, RpcClientError>,
) => Effect.Effect<A, RpcClientError | Unanswered>

const ask = <A>(file: ServiceFile.ServiceFile, path: string, call: Call<A>) => {
  const protocol = RpcClient.layerProtocolHttp({ url: `${file.url}${PATH}` }).pipe(
    Layer.provide([RpcSerialization.layerNdjson, authorized(file.token)]),
  )
  const failure = failureOf(file, path)
  return Effect.scoped(Effect.flatMap(RpcClient.make(Admin), call)).pipe(
    Effect.provide(protocol),
    Effect.mapError((error) => error._tag === "Unanswered" ? unanswered(error) : failure(error)),
    Effect.timeoutOrElse({
      duration: TIMEOUT,
      orElse: () =>
        Effect.fail(
          new ServiceUnreachable({
            reason: "no_answer",
            detail: `process ${file.pid} at ${file.url} did not answer within ${Duration.format(TIMEOUT)}`,
            fix: "look at its log; stop it and start it again if it hangs",
          }),
        ),
    }),
  )
}

/** Asks the service of this data folder. None: the store is kept in memory, so there is no folder to look in. */
export const asking = Effect.fn("Rpc.asking")(function* <A>(
  dataDir: Option.Option<string>,
  call: Call<A>,
): Effect.fn.Return<A, ServiceUnreachable, FileSystem.FileSystem> {
  if (Option.isNone(dataDir)) return yield* notRunning("with ARBEDGE_DATA_DIR=memory a service cannot be found")
  const file = yield* ServiceFile.read(dataDir.value)
  const path = ServiceFile.pathIn(dataDir.value)
  if (Option.isNone(file)) return yield* notRunning(`no service is running here: there is no ${path}`)
  return yield* ask(file.value, path, call)
})

/** How it is doing. */
export const status = (dataDir: Option.Option<string>) => asking(dataDir, (client) => client.Status())
