/**
 * Suspicions: doubts about identities leave detection here, for an administrator to settle.
 *
 * In: suspicions, as detection has them. Out: for each pair that is news a row and a fact, both by the store, and a
 * message on `quarantine.<venue>` of each of its venues. Promises: once `raise` has returned, the row is there; whoever
 * raises it again changes nothing.
 */
import { Clock, Effect, Metric } from "effect"
import { pairKey, type Suspicion } from "../domain/AssetIdentity.ts"
import type { IdentityQuarantined } from "../domain/contract/Events.ts"
import { described } from "../domain/contract/Headers.ts"
import * as Subject from "../domain/Subject.ts"
import { AssetIdentities } from "../layers/AssetIdentities.ts"
import { Bus, type BusError } from "../layers/Bus.ts"
import type { StoreError } from "../layers/Store.ts"

const suspectsTotal = Metric.counter("identity_suspects_total", { description: "Pairs of symbols quarantined" })

const encoder = new TextEncoder()

/** What lies in quarantine for people. */
const messageOf = (suspicion: Suspicion, venue: string, publish: number) => {
  const quarantined: IdentityQuarantined = { v: 1, venue, reason: "identity_suspect", ...suspicion }
  return {
    subject: Subject.quarantine(venue),
    data: encoder.encode(JSON.stringify(quarantined)),
    messageId: `identity:${pairKey(suspicion)}:${venue}`,
    headers: described({ receive: suspicion.at, publish }),
  }
}

const one = (
  suspicion: Suspicion,
): Effect.Effect<void, StoreError | BusError, AssetIdentities | Bus> =>
  Effect.gen(function* () {
    const bus = yield* Bus, identities = yield* AssetIdentities
    const { a, asset, b, bound, spread } = suspicion
    const isNews = yield* identities.suspect(suspicion, yield* Clock.currentTimeMillis)
    if (!isNews) return
    yield* Effect.logWarning(
      `${a.venue} ${a.symbol} and ${b.venue} ${b.symbol} may not be one asset: quarantined until somebody decides`,
      { asset, spread, bound },
    )
    yield* Metric.update(suspectsTotal, 1)
    const publish = yield* Clock.currentTimeMillis
    yield* Effect.forEach(new Set([a.venue, b.venue]), (venue) => bus.publish(messageOf(suspicion, venue, publish)), {
      discard: true,
    })
  })

export const raise = (
  suspicions: ReadonlyArray<Suspicion>,
): Effect.Effect<void, StoreError | BusError, AssetIdentities | Bus> =>
  suspicions.length === 0 ? Effect.void : Effect.forEach(suspicions, one, { discard: true })
