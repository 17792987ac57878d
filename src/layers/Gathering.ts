/**
 * Gathering: many ask for one thing each, and one piece of work answers all who asked meanwhile.
 *
 * In: items, one from each asker. Out: each asker's own answer. Promises: one piece of work at a time; what comes while
 * it runs is taken together by the next, so a lone item never waits and the cost of a transaction is shared by those
 * that would queue for it. If the work fails, all who were in it are told. An asker that gives up has still asked. Room:
 * as many as ask at a time; that is the askers' to bound.
 */
import { Cause, Deferred, Effect, Exit, Latch, Option, type Scope } from "effect"

interface Asked<Item, A, E> {
  readonly item: Item
  readonly answer: Deferred.Deferred<A, E>
}

const own = <A, E>(exit: Exit.Exit<ReadonlyArray<A>, E>, at: number): Exit.Exit<A, E> => {
  if (Exit.isFailure(exit)) return Exit.failCause(exit.cause)
  const answer = exit.value[at]
  return answer === undefined ? Exit.die(new Error("an item was left without an answer")) : Exit.succeed(answer)
}

/**
 * `work` answers by position. `most`: items in one piece of work. `isOnesFault`: failures that a single item may have
 * brought upon all; each is then worked off alone. It ends with the scope.
 */
export const make = Effect.fnUntraced(function* <Item, A, E>(options: {
  readonly most: number
  readonly work: (items: ReadonlyArray<Item>) => Effect.Effect<ReadonlyArray<A>, E>
  readonly isOnesFault: (error: E) => boolean
}): Effect.fn.Return<(item: Item) => Effect.Effect<A, E>, never, Scope.Scope> {
  const waiting: Array<Asked<Item, A, E>> = []
  const some = yield* Latch.make(false)

  const workOff = (asked: ReadonlyArray<Asked<Item, A, E>>): Effect.Effect<void> =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(options.work(asked.map(({ item }) => item)))
      const error = Exit.isFailure(exit) ? Cause.findErrorOption(exit.cause) : Option.none()
      if (asked.length > 1 && Option.exists(error, options.isOnesFault)) {
        return yield* Effect.forEach(asked, (one) => workOff([one]), { discard: true })
      }
      for (const [at, { answer }] of asked.entries()) yield* Deferred.done(answer, own(exit, at))
    })

  const next = Effect.gen(function* () {
    yield* some.await
    // Whoever is about to ask is let ask first.
    yield* Effect.yieldNow
    const taken = waiting.splice(0, options.most)
    if (waiting.length === 0) yield* some.close
    yield* workOff(taken)
  })
  yield* Effect.forkScoped(Effect.forever(next))

  return (item) =>
    Effect.suspend(() => {
      const answer = Deferred.makeUnsafe<A, E>()
      waiting.push({ item, answer })
      return Effect.andThen(some.open, Deferred.await(answer))
    })
})
