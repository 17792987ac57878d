/**
 * Where commands read what was recorded of opportunities: from Postgres where it is set, else from the running service.
 *
 * In: the settings, and the question in both forms. Out: the answer, or a failure that says what to do. Promises: the
 * data folder of an embedded store is never opened; the service is asked.
 */
import { Effect, type FileSystem } from "effect"
import type { Settings } from "../../domain/Settings.ts"
import type { Opportunities } from "../../layers/Opportunities.ts"
import type { StoreError } from "../../layers/Store.ts"
import type { TrackRecord } from "../../layers/TrackRecord.ts"
import * as Backends from "../../programs/Backends.ts"
import type { ServiceUnreachable } from "../rpc/Client.ts"
import { type Failure, unreachable } from "./Failure.ts"
import { storeFailure } from "./StoreFailure.ts"

export const recorded = <A>(settings: Settings, question: {
  readonly ofStore: Effect.Effect<A, StoreError, Opportunities | TrackRecord>
  readonly ofService: Effect.Effect<A, ServiceUnreachable, FileSystem.FileSystem>
}): Effect.Effect<A, Failure, FileSystem.FileSystem> =>
  Backends.isEmbedded(settings)
    ? Effect.mapError(question.ofService, (error) => unreachable(error.detail, error.fix))
    : question.ofStore.pipe(Effect.provide(Backends.trackRecordOf(settings)), Effect.mapError(storeFailure))
