/**
 * Reading the archive: files, the members in them, and their records in the order of the stream.
 *
 * In: an ArchiveStore, a span of time, a filter. Out: members, each batch once, however often it lies there while parts
 * are merged; lines with their place in the stream. Promises: nothing is given out whose digest or count is wrong; no more
 * than one batch is in memory; a part that was merged while we read is found again in the final file.
 */
import { Effect, Option, Stream } from "effect"
import * as Layout from "../../domain/ArchiveLayout.ts"
import * as Member from "../../layers/ArchiveMember.ts"
import { ArchiveStore, type StoredFile } from "../../layers/ArchiveStore.ts"

const SCAN_BYTES = 64 * 1024
const MERGED_MEANWHILE = 3

export interface ArchiveFile extends StoredFile, Layout.Place {}

/** Where a member lies. */
export interface MemberRef extends Member.Header {
  readonly file: ArchiveFile
  readonly offset: number
}

/** From here on nothing of the file can be read. */
export interface BrokenAt {
  readonly file: ArchiveFile
  readonly offset: number
  readonly fault: Member.MemberFault
}

export interface Selection {
  /** `[fromMs, toMs)` by the time of the record; null: no bound. */
  readonly fromMs: number | null
  readonly toMs: number | null
  /** Which groups; of those of the span. */
  readonly wanted: (place: Layout.Place) => boolean
}

const placed = ({ bytes, key }: StoredFile): ReadonlyArray<ArchiveFile> =>
  Option.match(Layout.parse(key), { onNone: () => [], onSome: (place) => [{ key, bytes, ...place }] })

/** Files of the layout whose key begins so, in order. */
export const listed = (prefix: string) =>
  Stream.unwrap(Effect.map(ArchiveStore, ({ list }) => list(prefix))).pipe(Stream.map((files) => files.flatMap(placed)))

/** The final file and the parts of one group. */
export const filesOf = (group: string) =>
  Stream.runCollect(listed(`${group}.`)).pipe(
    Effect.map((pages) => pages.flat().filter((file) => file.group === group)),
  )

/** Everything that is wanted of a span, in order of keys. */
export const filesIn = ({ fromMs, toMs, wanted }: Selection) => {
  const folders = fromMs === null || toMs === null ? Option.none() : Layout.hourFolders(fromMs, toMs)
  const prefixes = Option.getOrElse(folders, () => [Layout.ROOT])
  return Stream.runCollect(Stream.flatMap(Stream.fromIterable(prefixes), listed)).pipe(
    Effect.map((pages) =>
      pages.flat().filter((file) =>
        (fromMs === null || file.toMs > fromMs) && (toMs === null || file.fromMs < toMs) && wanted(file)
      )
    ),
  )
}

/** The members of a file, by their headers alone. */
export const membersOf = Effect.fn("Archive.membersOf")(function* (file: ArchiveFile) {
  const store = yield* ArchiveStore
  const found: Array<MemberRef | BrokenAt> = []
  let window = new Uint8Array(), windowAt = 0
  for (let offset = 0; offset < file.bytes;) {
    if (offset + Member.MOST_HEADER_BYTES > windowAt + window.length && windowAt + window.length < file.bytes) {
      windowAt = offset
      window = new Uint8Array(yield* store.read(file.key, { offset, length: SCAN_BYTES }))
    }
    const header = Option.getOrNull(Member.headerOf(window.subarray(offset - windowAt)))
    if (header === null || offset + header.memberBytes > file.bytes) {
      found.push({ file, offset, fault: header === null ? "not_a_member" : "truncated" })
      break
    }
    found.push({ file, offset, ...header })
    offset += header.memberBytes
  }
  // An empty file is none of ours.
  if (file.bytes === 0) found.push({ file, offset: 0, fault: "not_a_member" })
  return found
})

export const isBroken = (member: MemberRef | BrokenAt): member is BrokenAt => "fault" in member

/** Of members that lie there twice while parts are merged, the one in the final file. */
export const eachOnce = (members: ReadonlyArray<MemberRef>): ReadonlyArray<MemberRef> => {
  const byIdentity = new Map<string, MemberRef>()
  for (const member of members) {
    const identity = `${member.file.group}|${Member.identityOf(member.manifest)}`
    const known = byIdentity.get(identity)
    if (known === undefined || known.file.part !== null) byIdentity.set(identity, member)
  }
  return [...byIdentity.values()]
}

/** What a file's members are; of one that was merged meanwhile, none. */
const membersNow = (file: ArchiveFile) =>
  Effect.catchIf(
    membersOf(file),
    (error) => error.reason === "not_found" && file.part !== null,
    () => Effect.succeed([]),
  )

/** Members of all these files, and each once: listed again while parts go away under us. */
export const select = Effect.fn("Archive.select")(function* (selection: Selection) {
  for (let attempt = 1;; attempt++) {
    const files = yield* filesIn(selection)
    const found = yield* Effect.forEach(files, membersNow, { concurrency: 4 })
    if (attempt < MERGED_MEANWHILE && found.some((members) => members.length === 0)) continue
    const all = found.flat().filter((member): member is MemberRef => !isBroken(member))
    return { files, all, members: eachOnce(all), broken: found.flat().filter(isBroken) }
  }
})

const bytesOf = ({ file: { key }, memberBytes, offset }: MemberRef) =>
  Effect.flatMap(ArchiveStore, ({ read }) => read(key, { offset, length: memberBytes }))

/** Its lines, checked; or which fault it has. */
export const linesOf = Effect.fn("Archive.linesOf")(function* (member: MemberRef) {
  const bytes = yield* Effect.catchIf(
    bytesOf(member),
    (error) => error.reason === "not_found" && member.file.part !== null,
    () => movedBytes(member),
  )
  return yield* Effect.result(Member.unpack(bytes))
})

/** Its part was merged and removed: the final file has it. */
const movedBytes = Effect.fnUntraced(function* (member: MemberRef) {
  const files = yield* filesOf(member.file.group)
  const found = (yield* Effect.forEach(files, membersNow)).flat().filter((one): one is MemberRef => !isBroken(one))
  const moved = found.find(({ manifest }) => Member.identityOf(manifest) === Member.identityOf(member.manifest))
  return moved === undefined ? new Uint8Array() : yield* bytesOf(moved)
})

/** Members of one batch of one stream. */
export interface StoredBatch {
  readonly stream: string
  readonly generation: string
  readonly batch: number
  readonly members: ReadonlyArray<MemberRef>
}

/** In the order in which they were written: stream by stream, generation by generation. */
export const batchesOf = (members: ReadonlyArray<MemberRef>): ReadonlyArray<StoredBatch> => {
  const batches = new Map<string, Array<MemberRef>>()
  for (const member of members) {
    const identity = Member.identityOf(member.manifest)
    const known = batches.get(identity)
    if (known === undefined) batches.set(identity, [member])
    else known.push(member)
  }
  return [...batches.values()].flatMap((members) => {
    const [first] = members
    if (first === undefined) return []
    const { batch, generation, stream } = first.manifest
    return [{ stream, generation, batch, members }]
  }).sort((a, b) =>
    a.stream !== b.stream
      ? (a.stream < b.stream ? -1 : 1)
      : a.generation !== b.generation
      ? (a.generation < b.generation ? -1 : 1)
      : a.batch - b.batch
  )
}
