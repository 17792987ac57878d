/**
 * Headers: what stands beside the payload of every published message, and the version of the contract they belong to.
 *
 * In: times of stages, a writer and its count. Out: header texts, and the same read back. Promises: times are integer
 * milliseconds since the epoch (UTC) on the wall's clock; a stage that is not known is left out; a reader ignores the
 * stages it does not know.
 */
import { Duration, Option } from "effect"

/** Of all payloads and headers together: minor for what is added; a major one would come with new subjects. */
export const CONTRACT_VERSION = "1.1.0"

export const Header = {
  /** Durable messages: the same again is the same message. */
  messageId: "Nats-Msg-Id",
  contentType: "Content-Type",
  /** `CONTRACT_VERSION` of whoever published. */
  schemaVersion: "Schema-Version",
  /** `venue=<ms>,receive=<ms>,detect=<ms>,publish=<ms>` */
  stageTimes: "Stage-Times",
  /** Live subjects: `<writer>/<n>`; n counts what this writer published on this subject, from 1. */
  liveSequence: "Live-Sequence",
  /** Opportunities: where their market data came from. */
  dataSource: "Data-Source",
  /** Durable messages, where traces are kept: W3C Trace Context. */
  trace: "traceparent",
} as const

/** In the order in which a message passes them. `venue` is the venue's clock, the others are ours. */
export const STAGES = ["venue", "receive", "detect", "publish"] as const
export type Stage = (typeof STAGES)[number]
/** When each stage was passed, ms; null or absent: not known. */
export type StageTimes = { readonly [S in Stage]?: number | null }

export const formatStageTimes = (times: StageTimes): string => {
  let text = ""
  for (const stage of STAGES) {
    const at = times[stage]
    if (at !== undefined && at !== null) text += `${text === "" ? "" : ","}${stage}=${at}`
  }
  return text
}

/** What the header says of the known stages; parts that are malformed or of unknown stages are passed over. */
export const parseStageTimes = (text: string | undefined): StageTimes => {
  const times: { -readonly [S in Stage]?: number } = {}
  for (const part of text?.split(",") ?? []) {
    const [name, value = ""] = part.split("=")
    const stage = STAGES.find((known) => known === name)
    if (stage !== undefined && /^\d{1,15}$/.test(value)) times[stage] = Number(value)
  }
  return times
}

/** Stands with every message. */
export const described = (times: StageTimes): Readonly<Record<string, string>> => ({
  [Header.schemaVersion]: CONTRACT_VERSION,
  [Header.stageTimes]: formatStageTimes(times),
})

/** Message id of the event that an opportunity expired: once, whoever of us notices first. */
export const expiryId = ({ id }: { readonly id: string }): string => `${id}:expired`
/** The event is for who listens now; what stays is the transition beside it. */
export const EXPIRED_LIVES = Duration.hours(1)

export interface LiveSequence {
  /** Unique for each start of the process that publishes; the `w` of its frames. */
  readonly writer: string
  readonly n: number
}

export const formatLiveSequence = ({ n, writer }: LiveSequence): string => `${writer}/${n}`

export const parseLiveSequence = (text: string | undefined): Option.Option<LiveSequence> => {
  const match = /^(.+)\/(\d{1,15})$/.exec(text ?? "")
  const writer = match?.[1]
  return writer === undefined ? Option.none() : Option.some({ writer, n: Number(match?.[2]) })
}

/**
 * How many messages were missed between two that follow each other on one subject; none: another writer has taken over
 * (or the same has begun anew), and nobody can say.
 */
export const missedBetween = (before: LiveSequence, next: LiveSequence): Option.Option<number> =>
  before.writer === next.writer && next.n > before.n ? Option.some(next.n - before.n - 1) : Option.none()
