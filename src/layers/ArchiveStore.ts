/**
 * The ArchiveStore port: files under keys, in a folder or in any S3-compatible store.
 *
 * Two implementations pass one conformance suite (`archive/`). In: keys like `a/b/c.json.gz`, bytes. Out: the same.
 * Promises: what is put or joined is there whole or not at all, also when the process is killed at any moment, and is on
 * disk (or acknowledged) when the call returns; a second put under one key replaces the first at once.
 */
import { Context, type Effect, Schema, type Stream } from "effect"

/** Worth asking again: `unreachable`, `io`. */
export const ArchiveReason = Schema.Literals([
  "not_found",
  "denied",
  "no_room",
  "unreachable",
  "rejected",
  "io",
])
export type ArchiveReason = typeof ArchiveReason.Type

/** What each reason asks of an operator. */
const ADVICE: Readonly<Record<ArchiveReason, string>> = {
  not_found: "check bucket and name; a part may have been merged meanwhile",
  denied: "check the rights of the folder, or key, secret and policy of the bucket",
  no_room: "make room where the archive lies",
  unreachable: "check the address in ARBEDGE_ARCHIVE and the network",
  rejected: "see the store's own words above",
  io: "check the disk",
}

export class ArchiveStoreError extends Schema.TaggedError<ArchiveStoreError>()("ArchiveStoreError", {
  reason: ArchiveReason,
  operation: Schema.Literals(["list", "read", "put", "join", "remove"]),
  key: Schema.String,
  detail: Schema.String,
}) {
  get retryable(): boolean {
    return this.reason === "unreachable" || this.reason === "io"
  }

  get advice(): string {
    return ADVICE[this.reason]
  }

  override get message(): string {
    return `the archive: ${this.operation} ${this.key}: ${this.reason} (${this.detail})`
  }
}

export interface StoredFile {
  readonly key: string
  readonly bytes: number
}

/** Bytes from `offset` on, at most `length`. */
export interface Range {
  readonly offset: number
  readonly length: number
}

export class ArchiveStore extends Context.Service<ArchiveStore, {
  /** For people: which folder or bucket; never credentials. */
  readonly where: string
  /** Every key with that beginning, in order, with its size; those of writes that never ended are not among them. */
  readonly list: (prefix: string) => Stream.Stream<ReadonlyArray<StoredFile>, ArchiveStoreError>
  /** The whole file, or a part of it: fewer bytes, or none, at its end. */
  readonly read: (key: string, range?: Range) => Effect.Effect<Uint8Array, ArchiveStoreError>
  readonly put: (key: string, data: Uint8Array) => Effect.Effect<void, ArchiveStoreError>
  /** The bytes of several files one after the other, under a key that may be one of them. Never held in memory whole. */
  readonly join: (key: string, sources: ReadonlyArray<StoredFile>) => Effect.Effect<void, ArchiveStoreError>
  /** What is not there is removed already; a folder goes with its last file. */
  readonly remove: (key: string) => Effect.Effect<void, ArchiveStoreError>
}>()("arbedge/ArchiveStore") {}
