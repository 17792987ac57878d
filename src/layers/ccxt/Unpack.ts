/**
 * The text of a frame as it came off a socket.
 *
 * In: what the websocket library handed over, and how the venue packs it. Out: its text; null where only ccxt can read
 * the bytes; or why it is refused. Promises: never throws; unpacking stops at the limit, whatever the frame claims.
 */
import { gunzipSync, inflateRawSync } from "node:zlib"
import { type BadTick, badTick } from "../../domain/Tick.ts"
import type { CcxtClient } from "./CcxtShape.ts"

const decoder = new TextDecoder()

const bytesOf = (data: unknown): Uint8Array | null =>
  data instanceof Uint8Array ? data : data instanceof ArrayBuffer ? new Uint8Array(data) : null

export const unpack = (
  client: Pick<CcxtClient, "gunzip" | "inflate" | "decompressBinary">,
  data: unknown,
  maxCharacters: number,
): string | null | BadTick => {
  if (typeof data === "string") return data
  const bytes = bytesOf(data)
  if (bytes === null) return null
  const packed = client.gunzip === true ? gunzipSync : client.inflate === true ? inflateRawSync : null
  if (packed === null) {
    if (bytes.length > maxCharacters) return badTick("too_large", `${bytes.length} bytes, at most ${maxCharacters}`)
    return client.decompressBinary === false ? null : decoder.decode(bytes)
  }
  try {
    return decoder.decode(packed(bytes, { maxOutputLength: maxCharacters }))
  } catch (error) {
    const tooLarge = error instanceof RangeError
    return tooLarge
      ? badTick("too_large", `${bytes.length} packed bytes, more than ${maxCharacters} unpacked`)
      : badTick("not_json", `${bytes.length} bytes that cannot be unpacked`)
  }
}
