/**
 * Portions: a backlog of messages, cut into what is analysed at a stretch.
 *
 * In: messages as they arrived. Out: the same, in the same order, some 64 KB at a time. Promises: a portion takes a few
 * milliseconds, so that leases are renewed and sockets are served between two of them however much is behind; a larger
 * message is a portion of its own.
 */
import type { StoredMessage } from "../layers/Bus.ts"

const PORTION_BYTES = 64 * 1024

export const portionsOf = (
  messages: ReadonlyArray<StoredMessage>,
): ReadonlyArray<ReadonlyArray<StoredMessage>> => {
  const portions: Array<Array<StoredMessage>> = []
  let bytes = Infinity
  for (const message of messages) {
    if (bytes >= PORTION_BYTES) {
      portions.push([])
      bytes = 0
    }
    portions.at(-1)?.push(message)
    bytes += message.data.byteLength
  }
  return portions
}
