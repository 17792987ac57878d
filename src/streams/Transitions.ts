/**
 * Transitions: what an opportunity's transition is on the bus.
 *
 * In: a transition, where its data came from, when the stages before were passed. Out: its messages, the transition
 * first. Promises: the same transition has the same message ids, whoever finds it and however often.
 */
import { Clock, Effect, Schema } from "effect"
import { described, EXPIRED_LIVES, expiryId, Header, type StageTimes } from "../domain/contract/Headers.ts"
import type { DataSource } from "../domain/Frame.ts"
import { hasExpired, type Opportunity, OpportunityJson } from "../domain/Opportunity.ts"
import * as Subject from "../domain/Subject.ts"
import type { OutgoingMessage } from "../layers/Bus.ts"

const encoder = new TextEncoder()
const encodeOpportunity = Schema.encodeEffect(OpportunityJson)

/** With the event that its time ran out, where that closed it. `times`: of the stages before this one. */
export const messagesOf = (transition: Opportunity, source: DataSource, times: StageTimes) =>
  Effect.gen(function* () {
    const json = yield* Effect.orDie(encodeOpportunity(transition))
    const publish = yield* Clock.currentTimeMillis
    const headers = { [Header.dataSource]: source, ...described({ ...times, publish }) }
    const data = encoder.encode(json), { id, revision } = transition
    const told: OutgoingMessage = {
      subject: Subject.opportunity(transition),
      data,
      messageId: `${id}:${revision}`,
      headers,
    }
    if (!hasExpired(transition)) return [told]
    const event = { subject: Subject.expired(transition), messageId: expiryId(transition), timeToLive: EXPIRED_LIVES }
    return [told, { ...event, data, headers }]
  })
