/**
 * A growing buffer of lines, written as bytes at once: making texts first and bytes of them costs three times as much.
 *
 * In: pieces of lines. Out: the bytes so far. Promises: `ascii` takes any text and writes it as UTF-8; it is quick where
 * all characters are ASCII, as decimals are.
 */
const encoder = new TextEncoder()
const FIRST_BYTES = 64 * 1024
const MOST_BYTES_A_CHARACTER = 3
const ZERO = 48
const SHORT = 32

export class LineBuffer {
  #bytes = new Uint8Array(FIRST_BYTES)
  #length = 0
  /** Lines ended so far. */
  records = 0

  get length(): number {
    return this.#length
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Empty again, with the room that it has: memory that was written before is written quicker. */
  clear(): void {
    this.#length = 0
    this.records = 0
  }

  copy(piece: Uint8Array): void {
    const { length } = piece
    this.#room(length)
    if (length > SHORT) this.#bytes.set(piece, this.#length)
    else {
      // A call costs more than the copy.
      const bytes = this.#bytes, from = this.#length
      for (let at = 0; at < length; at++) bytes[from + at] = piece[at] ?? 0
    }
    this.#length += length
  }

  text(piece: string): void {
    this.#room(piece.length * MOST_BYTES_A_CHARACTER)
    const bytes = this.#bytes, from = this.#length
    for (let at = 0; at < piece.length; at++) {
      const code = piece.charCodeAt(at)
      if (code > 127) {
        this.#length = from + encoder.encodeInto(piece, bytes.subarray(from)).written
        return
      }
      bytes[from + at] = code
    }
    this.#length = from + piece.length
  }

  /** A safe integer. */
  int(value: number): void {
    if (value < 0 || value >= 1e15) return this.text(String(value))
    this.#room(16)
    const bytes = this.#bytes
    let digits = 1
    for (let above = 10; above <= value; above *= 10) digits++
    this.#length += digits
    // Two halves: whole numbers below 2^31 divide quicker.
    let at = this.#length, high = value
    if (value >= 1e8) {
      high = Math.floor(value / 1e8)
      let low = (value - high * 1e8) | 0
      for (let k = 0; k < 8; k++) {
        const rest = (low / 10) | 0
        bytes[--at] = ZERO + low - rest * 10
        low = rest
      }
    }
    let left = high | 0
    do {
      const rest = (left / 10) | 0
      bytes[--at] = ZERO + left - rest * 10
      left = rest
    } while (left > 0)
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + more))
    grown.set(this.bytes)
    this.#bytes = grown
  }
}
