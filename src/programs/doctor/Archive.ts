/**
 * `doctor` on the archive: can it be listed and written to?
 *
 * In: settings. Out: one check. Promises: a small file is written under `.doctor`, read back and removed again; no secret
 * is in the check.
 */
import { Clock, Duration, Effect, Layer, Option, Result, Stream } from "effect"
import type { Settings } from "../../domain/Settings.ts"
import { ArchiveStore, ArchiveStoreError } from "../../layers/ArchiveStore.ts"
import { archiveOf } from "../ArchiveBackend.ts"
import { type Check, failing, ok, optional } from "./Check.ts"

const name = "archive"
const TIMEOUT = Duration.seconds(10)

const tried = Effect.gen(function* () {
  const { list, put, read, remove, where } = yield* ArchiveStore
  const nowMs = yield* Clock.currentTimeMillis
  const key = `arbitrage-bot-data/.doctor-${nowMs}`
  yield* put(key, new TextEncoder().encode("written by arbedge doctor\n"))
  yield* Effect.ensuring(read(key), Effect.ignore(remove(key)))
  yield* Stream.runHead(list("arbitrage-bot-data/"))
  return ok(name, where)
}).pipe(
  Effect.timeoutOrElse({
    duration: TIMEOUT,
    orElse: () =>
      Effect.fail(
        new ArchiveStoreError({
          reason: "unreachable",
          operation: "put",
          key: "",
          detail: `no answer within ${Duration.format(TIMEOUT)}`,
        }),
      ),
  }),
  Effect.catch((error) => Effect.succeed(failing(name, error.message, error.advice))),
)

export const checkArchive = (settings: Settings): Effect.Effect<Check> =>
  Option.match(archiveOf(settings), {
    onNone: () =>
      Effect.succeed(
        optional(name, "none: the streams keep a day of market data", "set ARBEDGE_ARCHIVE to a folder or s3://bucket"),
      ),
    onSome: Result.match({
      onFailure: (error) => Effect.succeed(failing(name, error.message, "correct it: docs/guides/settings.md")),
      onSuccess: (layer: Layer.Layer<ArchiveStore>) => Effect.provide(tried, layer),
    }),
  })
