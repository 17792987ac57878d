/**
 * The ledger of a load run: what passed each hop, told apart from what came twice, and how long it took.
 *
 * In: ticks handed over, frames, transitions, facts and calls to the messenger, as an onlooker sees them. Out: counts, hops
 * and histograms. Promises: plain bookkeeping, no clock; memory is bounded however long the run; everything is
 * read from what the product publishes, so that it holds for one process and for many.
 */
import { createHash } from "node:crypto"
import { Option } from "effect"
import { parseStageTimes } from "../../domain/contract/Headers.ts"
import { decode as decodeButton } from "../../domain/card/CallbackData.ts"
import type { DeliverySettled, OpportunityDistributed } from "../../domain/Fact.ts"
import type { Frame } from "../../domain/Frame.ts"
import type { Opportunity } from "../../domain/Opportunity.ts"
import { Histograms } from "./Histograms.ts"
import { Recent } from "./Recent.ts"
import { Seen } from "./Seen.ts"

/** When the newest revision of an opportunity that was told to people passed the stages, ms. */
interface Told {
  readonly receive: number
  readonly queued: number
}

/** When a transition passed the stages, ms. */
interface Times {
  readonly receive: number | null
  readonly publish: number | null
}

/** Of a call to the messenger. */
export interface Called {
  readonly method: string
  readonly chatId: number | null
  readonly replyMarkup: unknown
  /** Why it was refused; null: it was accepted. */
  readonly refusal: string | null
}

const DIGEST_BITS = 128
/** Of a row whose message did not go as it should: it is tried again, or was given up. */
const TROUBLES: ReadonlySet<string> = new Set(["pending", "unknown", "failed"])

export class Ledger {
  readonly histograms = new Histograms()
  ticksOffered = 0
  ticksFramed = 0
  frames = 0
  frameDuplicates = 0
  /** Frames that a writer's numbers show to be missing. */
  framesMissing = 0
  wireBytes = 0
  transitions = 0
  transitionDuplicates = 0
  opportunities = 0
  distributed = 0
  distributedTwice = 0
  enqueued = 0
  /** Notifications whose sending was confirmed, by the facts. */
  notified = 0
  settledTwice = 0
  /** Notifications that reached the messenger, each chat and opportunity once; and again. */
  accepted = 0
  acceptedTwice = 0
  edits = 0
  /** What people asked of the bot, and what it answered. */
  commands = 0
  replies = 0
  readonly errors = new Map<string, number>()
  readonly #startMs: number
  readonly #frameNumbers = new Map<string, number>()
  readonly #transitions = new Seen()
  readonly #distributed = new Seen()
  readonly #settled = new Seen()
  readonly #accepted = new Seen()
  /** Of those not yet distributed. */
  readonly #times = new Recent<Times>()
  readonly #told = new Recent<Told>()
  #digest = 0n

  /** `startMs`: of the first tick, in the run's own time. */
  constructor(startMs: number) {
    this.#startMs = startMs
  }

  get digest(): string {
    return this.#digest.toString(16).padStart(DIGEST_BITS / 4, "0")
  }

  error(where: string, reason: string): void {
    const key = `${where}|${reason}`
    this.errors.set(key, (this.errors.get(key) ?? 0) + 1)
  }

  logged(level: string, text: string): void {
    this.error(`log ${level}`, reasonOf(text))
  }

  offered(ticks: number, lagMs: number): void {
    this.ticksOffered += ticks
    this.histograms.record("feed_lag", lagMs, ticks)
  }

  frame(frame: Frame): void {
    this.frames++
    const series = `${frame.w}-${frame.p}`, before = this.#frameNumbers.get(series)
    if (before !== undefined && frame.n <= before) {
      this.frameDuplicates++
      return
    }
    if (before !== undefined) this.framesMissing += frame.n - before - 1
    this.#frameNumbers.set(series, frame.n)
    // Ticks of spot are in a venue's partition as well, and books are told again: each counts where it is new.
    if (typeof frame.p !== "number") return
    const isNew = frame.d.map((text) => text.split("|").length === 3)
    for (const index of frame.s) if (isNew[index] === true) this.ticksFramed++
  }

  transition(opportunity: Opportunity, stageTimes: string | undefined): void {
    const { detectedAt, fingerprint, id, revision, state } = opportunity
    const key = `${id}:${revision}`
    if (this.#transitions.has(key)) {
      this.transitionDuplicates++
      return
    }
    const { detect = null, publish = null, receive = null, venue = null } = parseStageTimes(stageTimes)
    this.#transitions.add(key)
    this.#times.set(key, { receive, publish })
    this.transitions++
    if (state === "opened" && revision === 1) {
      this.opportunities++
      this.#add(`${fingerprint}|${detectedAt - this.#startMs}`)
    }
    // One that closes or fades is told of what ended, not of what came.
    if (state !== "opened" && state !== "improved") return
    if (receive !== null && venue !== null) this.histograms.record("receive", receive - venue)
    if (receive !== null && detect !== null) this.histograms.record("detect", detect - receive)
    if (detect !== null && publish !== null) this.histograms.record("validate", publish - detect)
  }

  distribution({ action, at, enqueued, opportunityId, revision }: OpportunityDistributed): void {
    const key = `${opportunityId}:${revision}`
    if (this.#distributed.has(key)) {
      this.distributedTwice++
      return
    }
    this.#distributed.add(key)
    this.distributed++
    this.enqueued += enqueued
    const { publish = null, receive = null } = this.#times.take(key) ?? {}
    if (action !== "notify" || enqueued === 0) return
    if (publish !== null) this.histograms.record("queue", at - publish)
    if (receive !== null) this.#told.set(opportunityId, { receive, queued: at })
  }

  settlement(
    { at, error, limiterWaitMs, opportunityId, purpose, queueId, scheduledWaitMs, status }: DeliverySettled,
  ): void {
    // What is cancelled or expired has ended as it should: those ends are counted with the rows.
    if (error !== null && TROUBLES.has(status)) this.error("delivery", `${status}: ${reasonOf(error)}`)
    if (status !== "sent" || purpose !== "notify") return
    if (this.#settled.has(String(queueId))) {
      this.settledTwice++
      return
    }
    this.#settled.add(String(queueId))
    this.notified++
    this.histograms.record("limiter_wait", limiterWaitMs)
    const told = this.#told.get(opportunityId)
    if (told === undefined) return
    const waitedMs = limiterWaitMs + scheduledWaitMs
    this.histograms.record("accepted", at - told.queued - waitedMs)
    this.histograms.record("total", at - told.receive - waitedMs)
  }

  asked(): void {
    this.commands++
  }

  replied(ms: number): void {
    this.replies++
    this.histograms.record("reply", ms)
  }

  call({ chatId, method, refusal, replyMarkup }: Called): void {
    if (refusal !== null) return this.error("messenger", reasonOf(refusal))
    if (method === "editMessageText") this.edits++
    if (method !== "sendMessage") return
    for (const id of opportunitiesIn(replyMarkup)) {
      const key = `${chatId}|${id}`
      if (this.#accepted.has(key)) this.acceptedTwice++
      else this.accepted++
      this.#accepted.add(key)
    }
  }

  /** Sums are the same in whatever order partitions told. */
  #add(text: string): void {
    const hash = createHash("sha256").update(text).digest("hex").slice(0, DIGEST_BITS / 4)
    this.#digest = BigInt.asUintN(DIGEST_BITS, this.#digest + BigInt(`0x${hash}`))
  }
}

const REASON_CHARACTERS = 100

/** What kind of trouble it was: without the numbers that differ each time. */
const reasonOf = (text: string): string => text.replace(/[0-9a-f]{16,}|\d+/g, "N").slice(0, REASON_CHARACTERS).trim()

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

/** The opportunities that the buttons under a message are about: what the message tells of. */
const opportunitiesIn = (replyMarkup: unknown): ReadonlySet<string> => {
  const rows = isRecord(replyMarkup) ? replyMarkup["inline_keyboard"] : []
  const buttons = Array.isArray(rows) ? rows.flat() : []
  return new Set(buttons.flatMap((button: unknown) => {
    const data = isRecord(button) ? button["callback_data"] : undefined
    return typeof data === "string"
      ? Option.toArray(Option.map(decodeButton(data), ({ opportunityId }) => opportunityId))
      : []
  }))
}
