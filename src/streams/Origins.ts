/**
 * Origins: when the tick that brought a transition about was seen by its venue and by us.
 *
 * In: transitions that have just been made, the candidates they were made of, their frame. Out: the first two of the
 * stages that stand in a transition's header. Promises: a transition that only the passing of time brought about (it
 * closed) has none; costs nothing while nothing is found.
 */
import type { StageTimes } from "../domain/contract/Headers.ts"
import type { Frame } from "../domain/Frame.ts"
import type { Opportunity } from "../domain/Opportunity.ts"
import type { Candidate, Trigger } from "./detectors/Candidate.ts"

export class Origins {
  readonly #known = new WeakMap<Opportunity, StageTimes>()

  note(transitions: ReadonlyArray<Opportunity>, candidates: ReadonlyArray<Candidate>, frame: Frame): void {
    for (const transition of transitions) {
      const { at, fingerprint, state } = transition
      if (state === "closed") continue
      // One that fades says when it last held, not what ended that.
      const cause = candidates.findLast((candidate) =>
        candidate.fingerprint === fingerprint && (state === "fading" || candidate.trigger.ingestTime === at)
      )
      if (cause === undefined) continue
      const { trigger } = cause
      this.#known.set(transition, { venue: venueTimeOf(trigger, frame), receive: trigger.ingestTime })
    }
  }

  of(transition: Opportunity): StageTimes {
    return this.#known.get(transition) ?? {}
  }
}

/** As the frame says it of the trigger's tick; null: the venue gave none. */
const venueTimeOf = ({ ingestTime, instrument, kind, venue }: Trigger, { d, e, i, s, t }: Frame): number | null => {
  const series = d.indexOf(`${venue}|${instrument}|${kind}`)
  for (let k = s.length - 1; k >= 0; k--) {
    if (s[k] !== series || t + (i[k] ?? 0) !== ingestTime) continue
    const lag = e[k] ?? null
    return lag === null ? null : ingestTime + lag
  }
  return null
}
