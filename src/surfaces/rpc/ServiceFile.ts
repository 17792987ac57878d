/**
 * `service.json` in the data folder: where the running service listens, and the token that opens it.
 *
 * In: a data folder. Out: the file, readable by its owner alone (mode 0600). Promises: it is written whole or not at all,
 * lives as long as its scope, and is removed only by whoever wrote it; after kill -9 it stays, and readers find that
 * nobody answers.
 */
import { Context, Effect, FileSystem, Option, Schema } from "effect"
import { join } from "node:path"

export const ServiceFile = Schema.Struct({
  v: Schema.Literal(1),
  url: Schema.String,
  token: Schema.String,
  pid: Schema.Int,
  startedAt: Schema.Int,
})
export type ServiceFile = typeof ServiceFile.Type

const ServiceFileJson = Schema.fromJsonString(ServiceFile)
const OWNER_ONLY = 0o600

/** The folder exists and the file could not be written there. */
export class ServiceFileError extends Schema.TaggedError<ServiceFileError>()("ServiceFileError", {
  path: Schema.String,
  detail: Schema.String,
}) {
  readonly retryable = false
  override get message(): string {
    return `${this.path} cannot be written: ${this.detail}`
  }
}

export const pathIn = (dataDir: string): string => join(dataDir, "service.json")

/** None: there is no file, or none that can be read. */
export const read = (dataDir: string): Effect.Effect<Option.Option<ServiceFile>, never, FileSystem.FileSystem> =>
  FileSystem.FileSystem.use((files) => files.readFileString(pathIn(dataDir))).pipe(
    Effect.flatMap(Schema.decodeEffect(ServiceFileJson)),
    Effect.option,
  )

const write = Effect.fnUntraced(function* (dataDir: string, content: ServiceFile) {
  const files = yield* FileSystem.FileSystem
  const path = pathIn(dataDir)
  const partial = `${path}.${content.pid}.partial`
  const text = yield* Effect.orDie(Schema.encodeEffect(ServiceFileJson)(content))
  yield* files.makeDirectory(dataDir, { recursive: true }).pipe(
    Effect.andThen(files.remove(partial, { force: true })),
    Effect.andThen(files.writeFileString(partial, text, { flag: "wx", mode: OWNER_ONLY })),
    Effect.andThen(files.rename(partial, path)),
    Effect.mapError((error) => new ServiceFileError({ path, detail: error.message })),
  )
})

const removeOwn = Effect.fnUntraced(function* (dataDir: string, token: string) {
  const current = yield* read(dataDir)
  if (Option.isNone(current) || current.value.token !== token) return
  yield* Effect.ignore(FileSystem.FileSystem.use((files) => files.remove(pathIn(dataDir), { force: true })))
})

/** Keeps the file until the scope closes. */
export const hold = (dataDir: string, content: ServiceFile) =>
  Effect.gen(function* () {
    const context = Context.pick(FileSystem.FileSystem)(yield* Effect.context<FileSystem.FileSystem>())
    yield* Effect.acquireRelease(
      write(dataDir, content),
      () => Effect.provideContext(removeOwn(dataDir, content.token), context),
    )
  })
