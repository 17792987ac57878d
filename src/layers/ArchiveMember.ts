/**
 * Members: what an archive file is made of. Each is a whole gzip member (RFC 1952) with a manifest in its header.
 *
 * In: lines of one batch for one file. Out: bytes that any gunzip reads; and back, checked. Promises: members may be put
 * one behind the other and stay readable, which is how files are merged without being packed again; what a manifest says
 * (which part of which stream, how many records, the digest of the packed bytes) is checked before a line is given out.
 */
import { createHash } from "node:crypto"
import { promisify } from "node:util"
import { gunzip, gzip } from "node:zlib"
import { Effect, Option, Schema } from "effect"

/**
 * A batch is a stretch of one stream, `first` to `last`; it lies in `files` members, each of a file of its own. Sequences
 * count within a generation of the stream: it begins anew when the stream does.
 */
export const Manifest = Schema.Struct({
  v: Schema.Literal(1),
  stream: Schema.String,
  generation: Schema.String,
  batch: Schema.Int,
  first: Schema.Int,
  last: Schema.Int,
  files: Schema.Int,
  /** When the batch was closed, ms. */
  closedAt: Schema.Int,
  records: Schema.Int,
  /** Of the lines, in UTF-8. */
  bytes: Schema.Int,
  /** Of what follows the header. */
  packedBytes: Schema.Int,
  /** Of what follows the header, in hex. */
  sha256: Schema.String,
})
export type Manifest = typeof Manifest.Type

/** What of a manifest says which member it is, within one group of files. */
export const identityOf = ({ batch, generation, stream }: Manifest): string => `${stream}|${generation}|${batch}`

/** Why a member cannot be used; nothing of it is. */
export const MemberFault = Schema.Literals(["not_a_member", "truncated", "changed", "not_gzip", "miscounted"])
export type MemberFault = typeof MemberFault.Type

const FIXED_BYTES = 10
const EXTRA_FLAG = 4
/** The subfield's name in the header's extra field. */
const MARK = [0x41, 0x45] as const
/** No header is longer. */
export const MOST_HEADER_BYTES = 1_024
/**
 * Measured on recorded ticks: level 2 packs 12 times at 350 to 400 MB/s of a core, level 6 (zlib's default) 17 times at 140;
 * level 1 is quicker on one runtime and slower on the other.
 */
const LEVEL = 2

const deflated = promisify(gzip), inflated = promisify(gunzip)
const encoder = new TextEncoder(), decoder = new TextDecoder()

const ManifestJson = Schema.fromJsonString(Manifest)
const encodeManifest = Schema.encodeSync(ManifestJson)
const decodeManifest = Schema.decodeUnknownOption(ManifestJson)

const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

/** `lines`: each ends with a line break. */
export const pack = Effect.fnUntraced(function* (
  about: Omit<Manifest, "v" | "bytes" | "packedBytes" | "sha256">,
  lines: Uint8Array,
) {
  const packed = yield* Effect.promise(() => deflated(lines, { level: LEVEL }))
  const body = packed.subarray(FIXED_BYTES)
  const manifest = encoder.encode(encodeManifest({
    ...about,
    v: 1,
    bytes: lines.length,
    packedBytes: body.length,
    sha256: digestOf(body),
  }))
  const extra = FIXED_BYTES + 2, named = extra + 4
  const member = new Uint8Array(named + manifest.length + body.length)
  const view = new DataView(member.buffer)
  member.set(packed.subarray(0, FIXED_BYTES))
  view.setUint8(3, EXTRA_FLAG)
  view.setUint16(FIXED_BYTES, 4 + manifest.length, true)
  member.set(MARK, extra)
  view.setUint16(extra + 2, manifest.length, true)
  member.set(manifest, named)
  member.set(body, named + manifest.length)
  return member
})

export interface Header {
  readonly manifest: Manifest
  /** Of the header and of the whole member. */
  readonly headerBytes: number
  readonly memberBytes: number
}

/** The header that these bytes begin with; none: they are not the beginning of a member of ours. */
export const headerOf = (bytes: Uint8Array): Option.Option<Header> => {
  const named = FIXED_BYTES + 6
  if (bytes.length < named) return Option.none()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isOurs = bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8 && bytes[3] === EXTRA_FLAG &&
    bytes[FIXED_BYTES + 2] === MARK[0] && bytes[FIXED_BYTES + 3] === MARK[1]
  const length = view.getUint16(FIXED_BYTES + 4, true)
  if (!isOurs || bytes.length < named + length) return Option.none()
  return Option.map(decodeManifest(decoder.decode(bytes.subarray(named, named + length))), (manifest) => ({
    manifest,
    headerBytes: named + length,
    memberBytes: named + length + manifest.packedBytes,
  }))
}

/** The lines of one member, checked against its manifest; or what is wrong with it. */
export const unpack = Effect.fnUntraced(function* (member: Uint8Array): Effect.fn.Return<string, MemberFault> {
  const header = headerOf(member)
  if (Option.isNone(header)) return yield* Effect.fail("not_a_member" as const)
  const { headerBytes, manifest, memberBytes } = header.value
  if (member.length < memberBytes) return yield* Effect.fail("truncated" as const)
  if (digestOf(member.subarray(headerBytes, memberBytes)) !== manifest.sha256) {
    return yield* Effect.fail("changed" as const)
  }
  const lines = yield* Effect.tryPromise({
    try: () => inflated(member.subarray(0, memberBytes)),
    catch: () => "not_gzip" as const,
  })
  if (lines.length !== manifest.bytes) return yield* Effect.fail("miscounted" as const)
  return decoder.decode(lines)
})
