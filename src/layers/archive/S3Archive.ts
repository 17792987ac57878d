/**
 * The archive in an S3-compatible store.
 *
 * In: endpoint, bucket, credentials. Out: the ArchiveStore port over HTTPS, signed by aws4fetch (Signature Version 4).
 * Promises: a put is one request, so it is there whole or not at all; what is too large for one is joined by a multipart
 * upload that appears when it is completed; 429, 5xx and lost connections are tried again, 6 times over about 20 s; no
 * credential is in an error.
 */
import { AwsClient } from "aws4fetch"
import { Duration, Effect, Layer, Option, Redacted, Schedule, Stream } from "effect"
import { type ArchiveReason, ArchiveStore, ArchiveStoreError, type StoredFile } from "../ArchiveStore.ts"
import { elements, unescaped, uploadXml } from "./S3Xml.ts"

export interface S3Options {
  /** Of the bucket: `https://s3.eu-central-1.amazonaws.com/bucket`, or its virtual host. */
  readonly bucketUrl: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: Redacted.Redacted
  /** Of what is too large for one request; S3 wants 5 MiB at least, and 10,000 pieces at most. Default 16 MiB. */
  readonly pieceBytes?: number
}

const MEBIBYTE = 1024 * 1024
const PIECE_BYTES = 16 * MEBIBYTE
const TIMEOUT = Duration.seconds(120)
const DETAIL_CHARACTERS = 300

const again = Schedule.exponential("300 millis").pipe(Schedule.jittered, Schedule.upTo({ times: 6 }))

const reasonOf = (status: number): ArchiveReason =>
  status === 404
    ? "not_found"
    : status === 401 || status === 403
    ? "denied"
    : status === 507
    ? "no_room"
    : status === 429 || status >= 500
    ? "unreachable"
    : "rejected"

const detailOf = (status: number, body: string): string => {
  const [code] = elements(body, "Code"), [message] = elements(body, "Message")
  return `${status} ${code ?? ""} ${message ?? ""}`.trim().slice(0, DETAIL_CHARACTERS)
}

/** Each part of the key by itself: "/" stays. */
const pathOf = (key: string): string => key.split("/").map(encodeURIComponent).join("/")

/** The sources' bytes in pieces of `pieceBytes`; the last one is what is left. */
const pieces = (
  sources: ReadonlyArray<StoredFile>,
  pieceBytes: number,
  read: ArchiveStore["Service"]["read"],
): Stream.Stream<Uint8Array<ArrayBuffer>, ArchiveStoreError> =>
  Stream.suspend(() => {
    let piece = new Uint8Array(pieceBytes), filled = 0
    const ranges = sources.flatMap(({ bytes, key }) =>
      Array.from({ length: Math.ceil(bytes / pieceBytes) }, (_, at) => ({ key, offset: at * pieceBytes }))
    )
    const full = Stream.fromIterable(ranges).pipe(
      Stream.mapEffect(({ key, offset }) => read(key, { offset, length: pieceBytes })),
      Stream.map((bytes) => {
        const room = Math.min(bytes.length, pieceBytes - filled)
        piece.set(bytes.subarray(0, room), filled)
        filled += room
        if (filled < pieceBytes) return []
        const ready = piece
        piece = new Uint8Array(pieceBytes)
        piece.set(bytes.subarray(room))
        filled = bytes.length - room
        return [ready]
      }),
      Stream.flattenIterable,
    )
    return Stream.concat(full, Stream.suspend(() => Stream.fromIterable(filled > 0 ? [piece.slice(0, filled)] : [])))
  })

const make = (options: S3Options): ArchiveStore["Service"] => {
  const { pieceBytes = PIECE_BYTES } = options
  const base = options.bucketUrl.replace(/\/+$/, "")
  const client = new AwsClient({
    accessKeyId: options.accessKeyId,
    secretAccessKey: Redacted.value(options.secretAccessKey),
    region: options.region,
    service: "s3",
    retries: 0,
  })

  const request = (
    operation: ArchiveStoreError["operation"],
    key: string,
    query: string,
    init: { readonly method: string; readonly body?: Uint8Array<ArrayBuffer> | string; readonly headers?: HeadersInit },
  ) => {
    const failing = (reason: ArchiveReason, detail: string) => new ArchiveStoreError({ reason, operation, key, detail })
    const once = Effect.tryPromise({
      try: (signal) => client.fetch(`${base}/${pathOf(key)}${query}`, { ...init, signal }),
      catch: (cause) => failing("unreachable", cause instanceof Error ? cause.message : "no answer"),
    }).pipe(
      Effect.flatMap((response) =>
        Effect.tryPromise({
          try: async () => ({
            status: response.status,
            etag: response.headers.get("etag") ?? "",
            body: new Uint8Array(await response.arrayBuffer()),
          }),
          catch: () => failing("unreachable", "the answer was cut off"),
        })
      ),
      Effect.timeoutOrElse({
        duration: TIMEOUT,
        orElse: () => Effect.fail(failing("unreachable", `no answer within ${Duration.format(TIMEOUT)}`)),
      }),
      Effect.filterOrFail(
        ({ status }) => status >= 200 && status < 300 || status === 416,
        ({ body, status }) => failing(reasonOf(status), detailOf(status, new TextDecoder().decode(body))),
      ),
    )
    return Effect.retry(once, { schedule: again, while: (error) => error.retryable })
  }

  const read: ArchiveStore["Service"]["read"] = (key, range) =>
    range?.length === 0 ? Effect.succeed(new Uint8Array()) : request("read", key, "", {
      method: "GET",
      headers: range === undefined ? {} : { Range: `bytes=${range.offset}-${range.offset + range.length - 1}` },
    }).pipe(
      // 416: the range begins behind the end.
      Effect.map(({ body, status }) => status === 416 ? new Uint8Array() : body),
    )

  const put: ArchiveStore["Service"]["put"] = (key, data) =>
    Effect.asVoid(request("put", key, "", { method: "PUT", body: new Uint8Array(data) }))

  const page = (prefix: string, token: string | null) =>
    request(
      "list",
      "",
      `?${new URLSearchParams({
        "list-type": "2",
        prefix,
        ...token === null ? {} : { "continuation-token": token },
      })}`,
      { method: "GET" },
    ).pipe(Effect.map(({ body }) => {
      const text = new TextDecoder().decode(body)
      const files = elements(text, "Contents").map((content): StoredFile => ({
        key: unescaped(elements(content, "Key")[0] ?? ""),
        bytes: Number(elements(content, "Size")[0] ?? 0),
      }))
      const next = elements(text, "NextContinuationToken")[0]
      return { files, next: next === undefined ? null : unescaped(next) }
    }))

  const list: ArchiveStore["Service"]["list"] = (prefix) =>
    Stream.paginate<string | null, ReadonlyArray<StoredFile>, ArchiveStoreError>(
      null,
      (token) =>
        Effect.map(
          page(prefix, token),
          ({ files, next }) => [[files], next === null ? Option.none() : Option.some(next)] as const,
        ),
    )

  const upload = Effect.fnUntraced(function* (key: string, sources: ReadonlyArray<StoredFile>) {
    const opened = yield* request("join", key, "?uploads=", { method: "POST" })
    const id = unescaped(elements(new TextDecoder().decode(opened.body), "UploadId")[0] ?? "")
    const of = `uploadId=${encodeURIComponent(id)}`
    const tags: Array<string> = []
    const sent = pieces(sources, pieceBytes, read).pipe(
      Stream.runForEach((piece) =>
        request("join", key, `?partNumber=${tags.length + 1}&${of}`, { method: "PUT", body: piece }).pipe(
          Effect.map(({ etag }) => tags.push(etag)),
        )
      ),
      Effect.andThen(Effect.suspend(() => request("join", key, `?${of}`, { method: "POST", body: uploadXml(tags) }))),
      // A completion may fail although its answer began well.
      Effect.flatMap(({ body }) => {
        const text = new TextDecoder().decode(body)
        return text.includes("<Error>")
          ? Effect.fail(
            new ArchiveStoreError({ reason: "unreachable", operation: "join", key, detail: detailOf(200, text) }),
          )
          : Effect.void
      }),
    )
    yield* Effect.onError(sent, () => Effect.ignore(request("join", key, `?${of}`, { method: "DELETE" })))
  })

  const join: ArchiveStore["Service"]["join"] = (key, sources) => {
    const bytes = sources.reduce((sum, source) => sum + source.bytes, 0)
    if (bytes > pieceBytes) return upload(key, sources)
    return Effect.flatMap(
      Stream.runCollect(pieces(sources, pieceBytes, read)),
      ([whole]) => put(key, whole ?? new Uint8Array()),
    )
  }

  const remove: ArchiveStore["Service"]["remove"] = (key) =>
    request("remove", key, "", { method: "DELETE" }).pipe(
      Effect.asVoid,
      Effect.catchIf((error) => error.reason === "not_found", () => Effect.void),
    )

  return { where: base, list, read, put, join, remove }
}

export const layer = (options: S3Options): Layer.Layer<ArchiveStore> => Layer.sync(ArchiveStore, () => make(options))
