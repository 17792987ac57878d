/** Facts as archived events: the fields of the specification, and nobody's name. */
import { assert, describe, it } from "@effect/vitest"
import { type ArchiveEvent, eventOf } from "../../src/domain/ArchiveEvent.ts"

const PERSON = { alias: "kQ3vZx", sealed: "c2VhbGVk" }

const archived = (subject: string, payload: unknown): ArchiveEvent => {
  const event = eventOf({ id: "evt1-7-0", subject, storedAtMs: 999, text: JSON.stringify(payload) })
  assert.isNotNull(event)
  return event
}
const fieldsOf = ({ line }: ArchiveEvent): Record<string, unknown> => JSON.parse(line)

describe("An archived event", () => {
  it("of a delivery says whom by alias, which opportunity and how late", () => {
    const payload = { v: 1, at: 5, opportunityId: "o1", person: PERSON, latencyMs: 120, status: "sent" }
    const event = archived("evt.v1.delivery.settled", payload)
    assert.deepStrictEqual(fieldsOf(event), {
      event_id: "evt1-7-0",
      event_type: "delivery.settled",
      data_type: "distribution-events",
      user_id: "kQ3vZx",
      timestamp: 5,
      opportunity_id: "o1",
      delivery_latency_ms: 120,
      engagement: null,
      conversion: null,
      session_context: null,
      person: PERSON,
      payload: { v: 1, at: 5, opportunityId: "o1", latencyMs: 120, status: "sent" },
    })
  })

  it("of a session has the session's fields, null where they are unknown", () => {
    const { session_id, activity_type, session_duration, commands_used, opportunities_received } = fieldsOf(
      archived("evt.v1.session.ended", { v: 1, at: 5, outcome: "logout", person: PERSON, durationMs: 9 }),
    )
    assert.deepStrictEqual([session_id, activity_type, session_duration, commands_used, opportunities_received], [
      null,
      "session.ended",
      9,
      null,
      null,
    ])
  })

  it("of a session's end says by its alias which, what was done in it and what received", () => {
    const told = { session: "5e55", durationMs: 9, commandsUsed: 3, opportunitiesReceived: 0 }
    assert.deepInclude(
      fieldsOf(archived("evt.v1.session.ended", { v: 1, at: 5, outcome: "logout", person: PERSON, ...told })),
      { session_id: "5e55", session_duration: 9, commands_used: 3, opportunities_received: 0 },
    )
  })

  it("goes to the family of its area", () => {
    const family = (subject: string) => archived(subject, { at: 5 }).family
    assert.deepStrictEqual(
      [
        "evt.v1.opportunity.distributed",
        "evt.v1.opportunity.outcome",
        "opp.v1.funding.BTC-USDT.opened",
        "evt.v1.onboarding.ended",
        "evt.v1.engagement.recorded",
        "evt.v1.action.taken",
        "evt.v1.audit.recorded",
        "evt.v1.identity.suspected",
        "evt.v1.something.new",
      ].map(family),
      [
        "distribution-events",
        "analysis-results",
        "analysis-results",
        "session-analytics",
        "user-engagement",
        "user-actions",
        "compliance-logs",
        "system-events",
        "system-events",
      ],
    )
  })

  it("without a time of its own has the time at which the bus stored it", () => {
    assert.strictEqual(archived("evt.v1.some.thing", { v: 1 }).timestamp, 999)
  })

  it("is none where there is no JSON object", () => {
    assert.isNull(eventOf({ id: "x", subject: "evt.v1.a.b", storedAtMs: 1, text: "[1" }))
    assert.isNull(eventOf({ id: "x", subject: "evt.v1.a.b", storedAtMs: 1, text: "[1]" }))
  })
})
