/**
 * Verify: is the archive as it was written?
 *
 * In: an ArchiveStore, a span, a filter. Out: what was checked, and every fault with its place. Promises: each member's
 * digest, gzip sums, counts, the order and the names of its records are checked; of every batch that all its files are
 * there; of every stream, where the whole archive is looked at, that batches follow each other without a hole or an
 * overlap. What is being written or merged at this moment is no fault, nor is what went because it was too old: batches
 * closed before the archive says it removes are not asked for all their files.
 */
import { Clock, Effect, Result } from "effect"
import type * as Layout from "../domain/ArchiveLayout.ts"
import type { Manifest, MemberFault } from "../layers/ArchiveMember.ts"
import * as Expiry from "../streams/archive/Expiry.ts"
import * as Reader from "../streams/archive/Reader.ts"

export type FaultKind = MemberFault | "unordered" | "misplaced" | "missing" | "duplicate" | "hole"

export interface Fault {
  readonly kind: FaultKind
  /** File and byte, or stream and sequences. */
  readonly where: string
  readonly detail: string
}

export interface Verified {
  readonly files: number
  readonly parts: number
  readonly members: number
  readonly records: number
  /** Of lines. */
  readonly bytes: number
  readonly batches: number
  readonly faults: ReadonlyArray<Fault>
}

export interface VerifyOptions {
  readonly selection: Reader.Selection
  /** Nothing is left out: batches must follow each other. */
  readonly whole: boolean
  readonly onProgress: (share: number, records: number) => Effect.Effect<void>
}

/** A batch that lacks files is still being written so long after it was closed. */
const WRITING_MS = 60_000
const MEMBERS_AT_A_TIME = 2

const ID = /^\{"event_id":"([a-z0-9]+)-(\d+)-(\d+)",/
const TIME = /"(?:ingestTime|timestamp)":(\d+)[,}]/

const MEANING: Readonly<Record<MemberFault, string>> = {
  not_a_member: "the bytes there are not a member of an archive file",
  truncated: "the file ends before its member does",
  changed: "the digest of the packed bytes is another",
  not_gzip: "gzip cannot unpack it",
  miscounted: "it unpacks to another number of bytes than its manifest says",
}

/** What is wrong with the lines of a member; null: nothing. */
const faultOfLines = (
  lines: string,
  { first, generation, last, records }: Manifest,
  { fromMs, toMs }: Layout.Place,
): { readonly kind: FaultKind; readonly detail: string } | null => {
  let count = 0, sequence = 0, index = -1
  for (let start = 0, end = lines.indexOf("\n"); end !== -1; start = end + 1, end = lines.indexOf("\n", start)) {
    const line = lines.slice(start, end)
    count++
    const [, ofGeneration, ofSequence, ofIndex] = ID.exec(line) ?? []
    if (ofGeneration !== generation) return { kind: "misplaced", detail: `record ${count} is of another stream` }
    const [at, k] = [Number(ofSequence), Number(ofIndex)]
    if (at < first || at > last) return { kind: "misplaced", detail: `record ${count} is outside the batch` }
    if (at === sequence && k === index) return { kind: "duplicate", detail: `record ${count} stands there twice` }
    if (at < sequence || (at === sequence && k < index)) {
      return { kind: "unordered", detail: `record ${count} comes after a later one` }
    }
    const time = Number(TIME.exec(line)?.[1])
    if (!(time >= fromMs && time < toMs)) {
      return { kind: "misplaced", detail: `record ${count} is of another hour or day` }
    }
    sequence = at
    index = k
  }
  return count === records ? null : { kind: "miscounted", detail: `${count} records, ${records} by its manifest` }
}

/** Batches that lack files, and where one batch does not follow the other. */
const faultsOfBatches = (
  batches: ReadonlyArray<Reader.StoredBatch>,
  { whole }: VerifyOptions,
  nowMs: number,
  /** Files of batches closed before it may be gone. */
  expiredMs: (place: Layout.Place) => number,
): ReadonlyArray<Fault> => {
  const faults: Array<Fault> = []
  let before: Manifest | null = null, isBeforeExpired = false
  for (const { batch, generation, members: [member, ...more], stream } of batches) {
    if (member === undefined) continue
    const { manifest } = member
    const where = `${stream} ${generation}, batch ${batch}, sequences ${manifest.first} to ${manifest.last}`
    const lacking = manifest.files - more.length - 1
    const isExpired = manifest.closedAt < expiredMs(member.file)
    if (whole && lacking > 0 && !isExpired && nowMs - manifest.closedAt > WRITING_MS) {
      faults.push({ kind: "missing", where, detail: `${lacking} of its ${manifest.files} files` })
    }
    const follows = before !== null && before.stream === stream && before.generation === generation
    if (before !== null && follows && manifest.first <= before.last) {
      faults.push({ kind: "duplicate", where, detail: `batch ${before.batch} goes up to ${before.last}` })
    } else if (before !== null && follows && whole && !isBeforeExpired && manifest.first > before.last + 1) {
      const [from, to] = [before.last + 1, manifest.first - 1]
      faults.push({ kind: "hole", where, detail: `sequences ${from} to ${to} are in no batch` })
    }
    before = manifest
    isBeforeExpired = isExpired
  }
  return faults
}

/** The same batch twice in one file; once more in a part is being merged. */
const faultsOfFiles = (members: ReadonlyArray<Reader.MemberRef>): ReadonlyArray<Fault> => {
  const seen = new Set<string>()
  return members.flatMap(({ file: { key }, manifest, offset }) => {
    const identity = `${key}|${manifest.stream}|${manifest.generation}|${manifest.batch}`
    if (!seen.has(identity)) {
      seen.add(identity)
      return []
    }
    return [{
      kind: "duplicate" as const,
      where: `${key}, byte ${offset}`,
      detail: `batch ${manifest.batch} is in it twice`,
    }]
  })
}

export const verifyArchive = Effect.fn("Archive.verify")(function* (options: VerifyOptions) {
  const { all, broken, files, members } = yield* Reader.select(options.selection)
  const faults: Array<Fault> = broken.map(({ fault, file, offset }) => ({
    kind: fault,
    where: `${file.key}, byte ${offset}`,
    detail: MEANING[fault],
  }))
  faults.push(...faultsOfFiles(all))
  let records = 0, bytes = 0, done = 0
  yield* Effect.forEach(members, (member) =>
    Effect.gen(function* () {
      const { file, manifest, offset } = member
      const where = `${file.key}, byte ${offset}`
      const lines = yield* Reader.linesOf(member)
      if (Result.isFailure(lines)) {
        faults.push({ kind: lines.failure, where, detail: MEANING[lines.failure] })
      } else {
        const fault = faultOfLines(lines.success, manifest, file)
        if (fault !== null) faults.push({ ...fault, where })
        records += manifest.records
        bytes += manifest.bytes
      }
      done++
      yield* options.onProgress(done / members.length, records)
    }), { concurrency: MEMBERS_AT_A_TIME, discard: true })
  const batches = Reader.batchesOf(members)
  faults.push(...faultsOfBatches(batches, options, yield* Clock.currentTimeMillis, yield* Expiry.expiredMs))
  const verified: Verified = {
    files: files.length,
    parts: files.filter(({ part }) => part !== null).length,
    members: members.length,
    records,
    bytes,
    batches: batches.length,
    faults,
  }
  return verified
})
