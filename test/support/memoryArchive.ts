/**
 * An archive and checkpoints in memory, which outlive the process under test and end it at a chosen step.
 *
 * In: the step (counted from 1 over everything durable: puts, joins, removals, saved positions) at which the process dies, and
 * whether before or after it took effect. Out: layers for one life of a process. Promises: what took effect stays; the
 * step that kills is a defect, as no error of a port is.
 */
import { Effect, Layer, Option, Stream } from "effect"
import { ArchiveStore, ArchiveStoreError } from "../../src/layers/ArchiveStore.ts"
import { type Checkpoint, Checkpoints } from "../../src/layers/Checkpoints.ts"
import { Fenced } from "../../src/layers/Store.ts"

export interface Death {
  readonly step: number
  readonly when: "before" | "after"
}

export class Killed extends Error {}

export class Durable {
  readonly files = new Map<string, Uint8Array>()
  readonly checkpoints = new Map<string, Checkpoint>()
  steps = 0
  death: Death | null = null

  #step<A>(effect: () => A): Effect.Effect<A> {
    return Effect.suspend(() => {
      const now = ++this.steps, { death } = this
      if (death !== null && now > death.step) return Effect.die(new Killed())
      if (death?.step === now && death.when === "before") return Effect.die(new Killed())
      const done = effect()
      return death?.step === now ? Effect.die(new Killed()) : Effect.succeed(done)
    })
  }

  #bytes(key: string, operation: "read" | "join"): Effect.Effect<Uint8Array, ArchiveStoreError> {
    const bytes = this.files.get(key)
    return bytes === undefined
      ? Effect.fail(new ArchiveStoreError({ reason: "not_found", operation, key, detail: "in memory" }))
      : Effect.succeed(bytes)
  }

  /** One life of a process: counts its steps anew. */
  life(death: Death | null): Layer.Layer<ArchiveStore | Checkpoints> {
    this.steps = 0
    this.death = death
    return Layer.merge(this.#archive, this.#checkpoints)
  }

  readonly #archive = Layer.succeed(ArchiveStore, {
    where: "memory",
    list: (prefix) =>
      Stream.suspend(() =>
        Stream.make(
          [...this.files].filter(([key]) => key.startsWith(prefix)).map(([key, { length }]) => ({ key, bytes: length }))
            .sort((a, b) => a.key < b.key ? -1 : 1),
        )
      ),
    read: (key, range) =>
      Effect.map(
        Effect.suspend(() => this.#bytes(key, "read")),
        (bytes) => range === undefined ? bytes : bytes.slice(range.offset, range.offset + range.length),
      ),
    put: (key, data) => this.#step(() => void this.files.set(key, data.slice())),
    join: (key, sources) =>
      Effect.flatMap(
        Effect.forEach(sources, (source) => this.#bytes(source.key, "join")),
        (all) => this.#step(() => void this.files.set(key, new Uint8Array(all.flatMap((bytes) => [...bytes])))),
      ),
    remove: (key) => this.#step(() => void this.files.delete(key)),
  })

  readonly #checkpoints = Layer.succeed(Checkpoints, {
    open: (wanted) =>
      Effect.sync(() =>
        wanted.map(({ name, position }) => {
          const known = this.checkpoints.get(name) ?? { name, epoch: 0, position, snapshot: null }
          const opened = { ...known, epoch: known.epoch + 1 }
          this.checkpoints.set(name, opened)
          return opened
        })
      ),
    load: (name) => Effect.sync(() => Option.fromNullishOr(this.checkpoints.get(name))),
    list: () => Effect.succeed([]),
    save: ([progress]) => {
      if (progress === undefined) return Effect.void
      const { epoch, name, position, snapshot } = progress
      if (this.checkpoints.get(name)?.epoch !== epoch) return Effect.fail(new Fenced({ operation: "save", key: name }))
      // Through JSON, as the table keeps it.
      const kept: unknown = JSON.parse(JSON.stringify(snapshot))
      return this.#step(() => void this.checkpoints.set(name, { name, epoch, position, snapshot: kept }))
    },
    advance: () => Effect.void,
  })
}
