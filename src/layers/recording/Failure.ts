/**
 * What goes wrong with files, in the words of the Recording port.
 *
 * In: whatever node:fs and node:zlib throw. Out: a RecordingError with its reason. Promises: what nobody knows is `io`, the
 * one reason that is worth a retry.
 */
import { RecordingError } from "../Recording.ts"

const codeOf = (cause: unknown): string =>
  typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""

export const failure = (path: string) => (cause: unknown): RecordingError => {
  const code = codeOf(cause)
  const detail = cause instanceof Error ? cause.message : String(cause)
  const reason = code === "ENOENT"
    ? "not_found"
    : code === "EACCES" || code === "EISDIR" || code === "EPERM"
    ? "not_readable"
    : code.startsWith("Z_")
    ? "corrupt"
    : "io"
  return new RecordingError({ reason, path, detail })
}
