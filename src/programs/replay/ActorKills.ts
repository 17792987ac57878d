/**
 * Actor kills: actors that die in the middle of their work, so that one can see them come back.
 *
 *   living --kill--> doomed --next message: every other one before, every other one after its work--> dead --> living
 *
 * In: which kind of actor. Out: a Sharding whose actors of that kind die so; how many did. Promises: an actor that dies
 * is begun anew from what is stored, and the message it died of comes to it again, as Effect Cluster does with a defect;
 * actors know nothing of it. Between death and new life lies no time: where time stands still it would not pass.
 */
import { Context, Effect, Layer, Schedule } from "effect"
import * as Sharding from "effect/cluster/Sharding"
import type { ActorName } from "../../domain/FaultPlan.ts"

type Name = typeof ActorName.Type

export class ActorKills extends Context.Service<ActorKills, {
  /** Whatever actors of this kind live now die at their next message. */
  readonly kill: (actor: Name) => Effect.Effect<void>
  /** How many died, and how many lives began after a death. */
  readonly counts: Effect.Effect<Readonly<Record<string, { readonly died: number; readonly restored: number }>>>
}>()("arbedge/ActorKills") {}

interface Ward {
  /** How often it was killed. */
  kills: number
  died: number
  restored: number
}

class Killed extends Error {
  override name = "Killed"
}

export const layer: Layer.Layer<ActorKills | Sharding.Sharding, never, Sharding.Sharding> = Layer.effectContext(
  Effect.gen(function* () {
    const sharding = yield* Sharding.Sharding
    const wards = new Map<string, Ward>()
    const wardOf = (actor: string): Ward => {
      const known = wards.get(actor) ?? { kills: 0, died: 0, restored: 0 }
      wards.set(actor, known)
      return known
    }

    /** The same handlers, of an actor that began its life now. */
    const mortal = <Handlers extends object>(ward: Ward, handlers: Handlers): Handlers => {
      const bornAfter = ward.kills
      let dead = false
      if (ward.restored < ward.died) ward.restored++
      const die = Effect.suspend(() => {
        if (!dead) ward.died++
        dead = true
        return Effect.die(new Killed(`killed by the fault plan`))
      })
      return new Proxy(handlers, {
        get: (target, name) => {
          const handler: unknown = Reflect.get(target, name)
          if (typeof handler !== "function") return handler
          return (...args: ReadonlyArray<unknown>): unknown => {
            if (ward.kills === bornAfter) return Reflect.apply(handler, target, args)
            if (ward.died % 2 === 0) return die
            const work: unknown = Reflect.apply(handler, target, args)
            return Effect.isEffect(work) ? Effect.andThen(work, die) : die
          }
        },
      })
    }

    const registerEntity: Sharding.Sharding["Service"]["registerEntity"] = (entity, build, options) =>
      sharding.registerEntity(
        entity,
        Effect.map(build, (handlers) => mortal(wardOf(entity.type), handlers)),
        { ...options, defectRetryPolicy: Schedule.forever },
      )

    return Context.make(Sharding.Sharding, { ...sharding, registerEntity }).pipe(
      Context.add(ActorKills, {
        kill: (actor) =>
          Effect.sync(() => {
            wardOf(actor).kills++
          }),
        counts: Effect.sync(() =>
          Object.fromEntries([...wards].map(([actor, { died, restored }]) => [actor, { died, restored }]))
        ),
      }),
    )
  }),
)
