/**
 * Durable publishes, pipelined: one inbox for all acknowledgements instead of a request each.
 *
 * A message is `queued` -> `sent` (in the window) -> acknowledged or refused. The window holds `publishWindow`
 * messages and at most WINDOW_BYTES; when it is full, or the link is down, callers wait in order. After a reconnect
 * whatever is in the window is sent again in order: with a message id it is stored once, without one maybe twice.
 * A batch that makes no progress for `publishTimeout` fails with `timeout`: it may or may not be stored, so repeat it
 * with the same ids. Real timers.
 */
import { createInbox, headers, type Msg, type MsgHdrs, type Subscription } from "@nats-io/nats-core"
import { Duration, Effect } from "effect"
import { BusError, type BusReason, type OutgoingMessage, type PublishAck } from "../Bus.ts"
import { isSubject } from "../SubjectPattern.ts"
import { apiReason, toBusError } from "./Errors.ts"
import type { Link } from "./Link.ts"

export const WINDOW_BYTES = 16_777_216
const SWEEP_EVERY_MS = 100
const MESSAGE_ID = "Nats-Msg-Id"
const TIME_TO_LIVE = "Nats-TTL"

interface Batch {
  readonly operation: string
  readonly messages: ReadonlyArray<OutgoingMessage>
  readonly acks: Array<PublishAck>
  readonly done: (result: Effect.Effect<ReadonlyArray<PublishAck>, BusError>) => void
  /** The next message to send. */
  next: number
  acknowledged: number
  progressAtMs: number
}

interface Slot {
  readonly batch: Batch
  readonly index: number
  readonly bytes: number
}

/** What a publish acknowledgement says; the server is trusted to send JSON, not to send every field. */
interface AckBody {
  readonly seq?: unknown
  readonly duplicate?: unknown
  readonly error?: { readonly code?: number; readonly err_code?: number; readonly description?: string }
}

type Heading = Pick<OutgoingMessage, "messageId" | "headers" | "timeToLive">

/** With the time to live only where the stream is known to take one: any other refuses the message for it. */
export const toHeaders = (message: Heading, takesTimeToLive = false): MsgHdrs | undefined => {
  const timeToLive = takesTimeToLive ? message.timeToLive : undefined
  if (message.messageId === undefined && message.headers === undefined && timeToLive === undefined) return undefined
  const built = headers()
  if (timeToLive !== undefined) built.set(TIME_TO_LIVE, `${Math.max(1, Math.ceil(Duration.toSeconds(timeToLive)))}s`)
  if (message.messageId !== undefined) built.set(MESSAGE_ID, message.messageId)
  for (const name in message.headers) built.set(name, message.headers[name] ?? "")
  return built
}

export class Publisher {
  readonly #link: Link
  readonly #capacity: number
  readonly #timeoutMs: number
  readonly #inbox = createInbox()
  readonly #window: Map<number, Slot> = new Map()
  readonly #queue: Array<Batch> = []
  readonly #subscription: Subscription
  readonly #sweep: ReturnType<typeof setInterval>
  #windowBytes = 0
  #token = 0
  #ackAtMs = 0

  constructor(link: Link, capacity: number, timeoutMs: number) {
    this.#link = link
    this.#capacity = capacity
    this.#timeoutMs = timeoutMs
    this.#subscription = link.connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#answered(message)
      },
    })
    this.#sweep = setInterval(() => this.#expire(), SWEEP_EVERY_MS)
    link.listeners.add({ up: () => this.#resend(), down: () => {} })
  }

  close(): void {
    clearInterval(this.#sweep)
    this.#subscription.unsubscribe()
  }

  publish(
    operation: string,
    messages: ReadonlyArray<OutgoingMessage>,
  ): Effect.Effect<ReadonlyArray<PublishAck>, BusError> {
    if (messages.length === 0) return Effect.succeed([])
    return Effect.callback<ReadonlyArray<PublishAck>, BusError>((resume) => {
      const batch: Batch = {
        operation,
        messages,
        acks: [],
        done: resume,
        next: 0,
        acknowledged: 0,
        progressAtMs: performance.now(),
      }
      this.#queue.push(batch)
      this.#pump()
      return Effect.sync(() => this.#withdraw(batch))
    })
  }

  #pump(): void {
    for (let batch = this.#queue[0]; batch !== undefined && this.#link.up; batch = this.#queue[0]) {
      const message = batch.messages[batch.next]
      if (message === undefined) {
        this.#queue.shift()
        continue
      }
      const bytes = message.data.byteLength
      if (this.#window.size >= this.#capacity) return
      if (this.#window.size > 0 && this.#windowBytes + bytes > WINDOW_BYTES) return
      const token = this.#token++
      this.#window.set(token, { batch, index: batch.next, bytes })
      this.#windowBytes += bytes
      batch.next += 1
      this.#send(token, batch, message)
    }
  }

  #send(token: number, batch: Batch, message: OutgoingMessage): void {
    const { connection, names } = this.#link
    if (!isSubject(message.subject)) return this.#fail(batch, message, "rejected", "not a subject")
    const limit = connection.info?.max_payload
    if (limit !== undefined && message.data.byteLength > limit) {
      return this.#fail(batch, message, "too_large", `${message.data.byteLength} bytes, at most ${limit}`)
    }
    try {
      const takesTimeToLive = message.timeToLive !== undefined &&
        [...this.#link.forgetting.values()].some((stores) => stores(message.subject))
      const built = toHeaders(message, takesTimeToLive)
      connection.publish(names.subject(message.subject), message.data, {
        reply: `${this.#inbox}.${token}`,
        ...(built === undefined ? {} : { headers: built }),
      })
    } catch (cause) {
      const error = toBusError(batch.operation, message.subject)(cause)
      // The library refuses a message whose headers push it over the limit the same way as a malformed one.
      this.#fail(batch, message, error.detail.includes("max_payload") ? "too_large" : error.reason, error.detail)
    }
  }

  #answered(answer: Msg): void {
    const token = Number(answer.subject.slice(this.#inbox.length + 1))
    const slot = this.#window.get(token)
    if (slot === undefined) return
    this.#release(token, slot)
    const { batch, index } = slot
    const message = batch.messages[index]
    this.#ackAtMs = performance.now()
    if (message !== undefined) this.#settle(batch, index, message, answer)
    this.#pump()
  }

  #settle(batch: Batch, index: number, message: OutgoingMessage, answer: Msg): void {
    if (answer.data.byteLength === 0 && answer.headers?.code === 503) {
      return this.#fail(batch, message, "stream_missing", "no stream stores this subject")
    }
    const body = decodeAck(answer)
    if (body.error !== undefined) {
      const { err_code = 0, code = 0, description = "refused" } = body.error
      return this.#fail(batch, message, apiReason(err_code, code, description), description)
    }
    if (typeof body.seq !== "number") return this.#fail(batch, message, "rejected", "the acknowledgement is malformed")
    batch.acks[index] = { sequence: body.seq, duplicate: body.duplicate === true }
    batch.acknowledged += 1
    batch.progressAtMs = this.#ackAtMs
    if (batch.acknowledged === batch.messages.length) batch.done(Effect.succeed(batch.acks))
  }

  #fail(batch: Batch, message: OutgoingMessage, reason: BusReason, detail: string): void {
    this.#withdraw(batch)
    batch.done(Effect.fail(new BusError({ reason, operation: batch.operation, subject: message.subject, detail })))
  }

  /** Forgets a batch: what was sent of it may be stored, nobody waits for it any more. */
  #withdraw(batch: Batch): void {
    batch.next = batch.messages.length
    const at = this.#queue.indexOf(batch)
    if (at >= 0) this.#queue.splice(at, 1)
    for (const [token, slot] of this.#window) if (slot.batch === batch) this.#release(token, slot)
    if (this.#queue.length > 0) queueMicrotask(() => this.#pump())
  }

  #release(token: number, slot: Slot): void {
    this.#window.delete(token)
    this.#windowBytes -= slot.bytes
  }

  #resend(): void {
    for (const [token, { batch, index }] of [...this.#window]) {
      const message = batch.messages[index]
      if (message !== undefined && this.#window.has(token)) this.#send(token, batch, message)
    }
    this.#pump()
  }

  #expire(): void {
    const oldestMs = performance.now() - this.#timeoutMs
    const waiting = new Set(this.#queue)
    for (const { batch } of this.#window.values()) waiting.add(batch)
    for (const batch of waiting) {
      // While others before it are acknowledged, a batch that waits for room is making progress too.
      const unsent = batch.next < batch.messages.length
      const progressAtMs = unsent ? Math.max(batch.progressAtMs, this.#ackAtMs) : batch.progressAtMs
      const message = batch.messages[batch.acks.length] ?? batch.messages[0]
      if (progressAtMs > oldestMs || message === undefined) continue
      this.#fail(batch, message, "timeout", `no acknowledgement for ${this.#timeoutMs} ms`)
    }
  }
}

const decodeAck = (answer: Msg): AckBody => {
  try {
    return answer.json<AckBody>()
  } catch {
    return {}
  }
}
