/**
 * Runs the reaction to one update, whatever becomes of it.
 *
 * In: updates. Out: an outcome of a closed list, counted. Promises: never fails; what a database or an actor could not
 * do for a moment is tried again; who cannot be served is told so; a chat that is gone is marked so.
 */
import { Cause, Clock, Context, Deferred, Effect, Layer, Metric, Option, Schedule } from "effect"
import type { Update } from "grammy/types"
import { Telegram } from "../../layers/Telegram.ts"
import { Users } from "../../layers/Users.ts"
import { laneOf } from "./Incoming.ts"
import { say } from "./Replies.ts"
import * as Router from "./Router.ts"
import { html } from "./texts/Fluent.ts"
import { type BotError, type BotServices, languageOfApp, type Reaction } from "./Visit.ts"

/** `failed`: a reply or a change was lost; `unroutable`: nothing was tried. */
export type Handled = "reacted" | "ignored" | "chat_gone" | "failed" | "unroutable"

export class Dispatcher extends Context.Service<Dispatcher, {
  readonly handle: (update: Update) => Effect.Effect<Handled>
}>()("arbedge/bot/Dispatcher") {}

const handledTotal = Metric.counter("bot_updates_handled_total", { description: "Updates by what became of them" })

const handledAs: Record<Handled, Metric.Counter<number>> = {
  reacted: Metric.withAttributes(handledTotal, { outcome: "reacted" }),
  ignored: Metric.withAttributes(handledTotal, { outcome: "ignored" }),
  chat_gone: Metric.withAttributes(handledTotal, { outcome: "chat_gone" }),
  failed: Metric.withAttributes(handledTotal, { outcome: "failed" }),
  unroutable: Metric.withAttributes(handledTotal, { outcome: "unroutable" }),
}

const forever = Schedule.min([Schedule.exponential("500 millis"), Schedule.spaced("30 seconds")]).pipe(
  Schedule.jittered,
)
const briefly = Schedule.exponential("200 millis").pipe(Schedule.jittered, Schedule.upTo({ times: 2 }))

/** A message that fails half-way is not said twice: only what failed before speaking is tried again. */
const worthAnotherTry = (error: BotError): boolean => error._tag !== "TelegramError" && error.retryable

const apologize = (update: Update): Reaction => {
  const message = update.message
  if (message?.from === undefined || message.chat.id <= 0) return Effect.void
  const language = languageOfApp({ languageCode: message.from.language_code ?? null })
  return say(`${message.chat.id}`, html(language, "gate-trouble"))
}

const afterFailure = Effect.fn("Dispatcher.afterFailure")(function* (update: Update, cause: Cause.Cause<BotError>) {
  const error = Cause.findErrorOption(cause)
  if (Option.isSome(error) && error.value._tag === "TelegramError" && error.value.reason._tag === "ChatGone") {
    const users = yield* Users
    yield* Effect.ignore(users.deactivate(laneOf(update), yield* Clock.currentTimeMillis))
    return "chat_gone" as const
  }
  yield* Effect.logWarning("an update was not served", cause)
  if (Option.isNone(error) || error.value._tag !== "TelegramError") yield* Effect.ignore(apologize(update))
  return "failed" as const
})

export const layer: Layer.Layer<Dispatcher, never, BotServices> = Layer.effect(
  Dispatcher,
  Effect.gen(function* () {
    const services = yield* Effect.context<BotServices>()
    const telegram = yield* Telegram
    const ready = yield* Deferred.make<Router.Router>()
    // Who we are is asked beside the start, so that a silent Telegram does not hold up everything else.
    yield* telegram.me.pipe(
      Effect.tapError((error) => Effect.logWarning("the bot cannot reach Telegram yet", error)),
      Effect.retry(forever),
      Effect.flatMap((me) => Deferred.succeed(ready, Router.make(me))),
      Effect.forkScoped,
    )

    const react = (update: Update, reaction: Reaction): Effect.Effect<Handled, never, BotServices> =>
      reaction.pipe(
        // A schedule is made only for what fails: making one costs as much as routing does.
        Effect.catchIf(worthAnotherTry, () =>
          reaction.pipe(Effect.delay("100 millis"), Effect.retry({ while: worthAnotherTry, schedule: briefly }))),
        Effect.as("reacted" as const),
        Effect.catchCause((cause) =>
          Cause.hasInterruptsOnly(cause) ? Effect.failCause(Cause.interrupt()) : afterFailure(update, cause)
        ),
      )

    // Every update comes through here: its span takes no stack trace, which would cost more than routing it, and it runs
    // in the services' own context, since merging that with the caller's means copying both.
    const handle = (update: Update) =>
      Deferred.await(ready).pipe(
        Effect.flatMap((router) => router.route(update)),
        Effect.flatMap((reaction) =>
          Option.isNone(reaction) ? Effect.succeed("ignored" as const) : react(update, reaction.value)
        ),
        Effect.catch(() => Effect.succeed("unroutable" as const)),
        Effect.tap((outcome) => Metric.update(handledAs[outcome], 1)),
        Effect.withSpan("Dispatcher.handle", { root: true, kind: "consumer" }, { captureStackTrace: false }),
        Effect.updateContext((_: Context.Context<never>) => services),
      )
    return { handle }
  }),
)
