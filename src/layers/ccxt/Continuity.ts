/**
 * Whether a book's delta follows on what was applied last, by the venue's own numbers.
 *
 * In: the number applied last, whether it came from a snapshot, and the delta's numbers. Out: `next` (apply it),
 * `old` (already contained; drop it) or `gap` (something is missing). Promises: pure; venues without numbers are
 * always `next`, they are verified by checksum.
 */
export interface Numbers {
  /** Binance U; equal to `seq` where a venue counts by one; null where it has none. */
  readonly firstSeq: number | null
  readonly seq: number | null
  /** Binance pu, OKX prevSeqId; null where a venue has none. */
  readonly prevSeq: number | null
}

export const follows = (last: number | null, afterSnapshot: boolean, delta: Numbers): "next" | "old" | "gap" => {
  const { firstSeq, seq, prevSeq } = delta
  if (last === null || seq === null) return "next"
  if (prevSeq !== null) {
    // OKX restarts its numbers after maintenance: a number that falls is no continuation.
    if (prevSeq === last) return seq >= last ? "next" : "gap"
    if (afterSnapshot && firstSeq !== null && firstSeq <= last && last <= seq) return "next"
    return seq <= last ? "old" : "gap"
  }
  if (seq <= last) return "old"
  if (firstSeq === null) return "next"
  return (afterSnapshot ? firstSeq <= last + 1 : firstSeq === last + 1) ? "next" : "gap"
}
