/**
 * Events: facts and results of analysis as they are archived, one JSON object a line.
 *
 * In: subject, time and payload of what went over the bus. Out: the family whose file it belongs to, and the line. Promises:
 * every event has `event_id`, `event_type`, `data_type`, `user_id`, `timestamp`, then its family's own fields, null where
 * unknown, then all that was told (`payload`); people are named by their alias alone, and sealed: once their key is gone,
 * nothing archived says who they were (domain/Person.ts).
 */
import { Option, Schema } from "effect"
import type { Family } from "./ArchiveLayout.ts"
import { SealedPerson } from "./Person.ts"

/** A message of the streams EVT or OPP. */
export interface Told {
  /** Unique for ever. */
  readonly id: string
  readonly subject: string
  /** When the bus stored it, ms: for payloads that do not say when. */
  readonly storedAtMs: number
  readonly text: string
}

export interface ArchiveEvent {
  readonly family: Family
  /** Ms; by its day (UTC) the file is chosen. */
  readonly timestamp: number
  readonly line: string
}

/** By `evt.v1.<area>`, and where an area is divided by `<area>.<event>`. What is not named here is a system event. */
const FAMILIES: Readonly<Record<string, Family>> = {
  delivery: "distribution-events",
  "opportunity.distributed": "distribution-events",
  opportunity: "analysis-results",
  analysis: "analysis-results",
  session: "session-analytics",
  onboarding: "session-analytics",
  engagement: "user-engagement",
  action: "user-actions",
  audit: "compliance-logs",
}

const Payload = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
const decode = Schema.decodeUnknownOption(Payload)
const encode = Schema.encodeSync(Payload)
const decodePerson = Schema.decodeUnknownOption(SealedPerson)

type Fields = Readonly<Record<string, unknown>>

/** What is not told is null. */
const ownFields = (family: Family, type: string, of: Fields): Fields => {
  const told = (name: string): unknown => of[name] ?? null
  switch (family) {
    case "distribution-events":
    case "user-engagement":
      return {
        opportunity_id: told("opportunityId"),
        delivery_latency_ms: told("latencyMs"),
        engagement: told("score"),
        conversion: type === "engagement.recorded" ? of["event"] === "converted" : null,
        session_context: told("session"),
      }
    case "session-analytics":
      return {
        session_id: told("session"),
        activity_type: type,
        session_duration: told("durationMs"),
        commands_used: told("commandsUsed"),
        opportunities_received: told("opportunitiesReceived"),
      }
    case "analysis-results":
      return { opportunity_id: of["opportunityId"] ?? told("id") }
    case "user-actions":
    case "compliance-logs":
      return { action_type: told("action"), success: told("success"), error: told("error") }
    case "system-events":
      return {}
  }
}

/** `evt.v1.<area>.<event>` gives "area.event", `opp.v1.<type>.<pair>.<state>` "opportunity.state". */
const typeOf = (subject: string): string => {
  const [head, , ...rest] = subject.split(".")
  return head === "opp" ? `opportunity.${rest.at(-1) ?? ""}` : rest.join(".")
}

/** Null: not a JSON object. */
export const eventOf = ({ id, storedAtMs, subject, text }: Told): ArchiveEvent | null => {
  const decoded = Option.getOrNull(decode(text))
  if (decoded === null) return null
  const { person, ...payload } = decoded
  const type = typeOf(subject)
  const family = FAMILIES[type] ?? FAMILIES[type.slice(0, type.indexOf("."))] ?? "system-events"
  const at = payload["at"]
  const timestamp = typeof at === "number" && Number.isSafeInteger(at) ? at : storedAtMs
  const sealed = Option.getOrNull(decodePerson(person))
  const line = encode({
    event_id: id,
    event_type: type,
    data_type: family,
    user_id: sealed === null || sealed.alias === "" ? null : sealed.alias,
    timestamp,
    ...ownFields(family, type, payload),
    ...sealed === null ? {} : { person: sealed },
    payload,
  })
  return { family, timestamp, line }
}
