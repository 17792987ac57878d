/**
 * The session actors in this process's memory, to be asked without the cluster's mail, which costs ten times the answer.
 *
 * In: actors that came up, each with what it can answer at once. Out: that answer, by chat. Promises: an actor is found
 * from its activation until its scope closes, which is before its shard is given up; what it answers here is fenced by
 * its row like everything it writes, so a find that comes too late is refused and not wrong.
 */
import { Context, Effect, Layer, Scope } from "effect"
import type { StoreError } from "../layers/Store.ts"
import type { Judged } from "./SessionRows.ts"

/** The verdict, its extension written; null: the actor's mailbox has to be asked. */
export type TouchAtOnce = () => Effect.Effect<Judged | null, StoreError>

export class ResidentSessions extends Context.Service<ResidentSessions, {
  readonly find: (telegramId: string) => TouchAtOnce | undefined
  readonly enter: (telegramId: string, touch: TouchAtOnce) => Effect.Effect<void, never, Scope.Scope>
}>()("arbedge/ResidentSessions") {
  /** Actors and their client meet in it: it has to be the same for both, as it is within one build of layers. */
  static readonly layer: Layer.Layer<ResidentSessions> = Layer.sync(ResidentSessions, () => {
    const residents = new Map<string, TouchAtOnce>()
    return {
      find: (telegramId) => residents.get(telegramId),
      enter: (telegramId, touch) =>
        Effect.flatMap(Effect.scope, (scope) => {
          residents.set(telegramId, touch)
          // One that came up again may have taken the place.
          const leave = Effect.sync(() => residents.get(telegramId) === touch && residents.delete(telegramId))
          return Scope.addFinalizer(scope, leave)
        }),
    }
  })
}
