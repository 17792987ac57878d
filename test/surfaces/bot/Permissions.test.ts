/** Roles, plans, places and sessions against every command and button, through the real router; by polling alone. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { SessionClient } from "../../../src/actors/Session.ts"
import { ACTIONS, encode } from "../../../src/domain/card/CallbackData.ts"
import { denial, type DenialReason, type Permission } from "../../../src/domain/Permission.ts"
import { Role, Tier } from "../../../src/domain/Tier.ts"
import { Audit } from "../../../src/layers/Audit.ts"
import { Opportunities } from "../../../src/layers/Opportunities.ts"
import { Sessions } from "../../../src/layers/Sessions.ts"
import { Store } from "../../../src/layers/Store.ts"
import { Users } from "../../../src/layers/Users.ts"
import { COMMANDS } from "../../../src/surfaces/bot/commands/All.ts"
import { PERMISSION_OF } from "../../../src/surfaces/bot/taps/Permissions.ts"
import { card } from "../../domain/card/someCard.ts"
import { ann, bob, group } from "../../simulators/telegram/support.ts"
import { t0 } from "../../suites/StoreWorld.ts"
import { fresh, until, world } from "../../support/actors.ts"
import { type Conversation, conversation, polled, surroundings } from "./running.ts"

interface Case {
  readonly role: Role
  readonly tier: Tier
  readonly place: "private" | "group"
  readonly hasSession: boolean
  readonly isBeta: boolean
}

/**
 * Every role in every place with a session, and who has none, whatever their role; tiers and beta access take turns. All
 * that there can be stands in test/domain/Permission.test.ts.
 */
const cases: ReadonlyArray<Case> = [
  ...Role.literals.flatMap((role) =>
    (["private", "group"] as const).map((place) => ({ role, place, hasSession: true }))
  ),
  { role: "superadmin" as const, place: "private" as const, hasSession: false },
  { role: "user" as const, place: "group" as const, hasSession: false },
].map((each, at) => ({ ...each, tier: Tier.literals[at % 5] ?? "free", isBeta: at % 2 === 0 }))

const DENIED: Readonly<Record<Exclude<DenialReason, "tier" | "beta">, RegExp>> = {
  session: /^(🔑 You have no session yet|🚪 You are logged out\. Your settings)/,
  role: /^🤔 I do not know this command/,
  place: /^(🔒 This is between the two of us|👥 This belongs to a group)/,
}
const anyDenial = (text: string) => Object.values(DENIED).some((form) => form.test(text))

const TIMEOUT = { timeout: 90_000 }

const HELP = /^ArbEdge finds/

const person = Users.use((users) => Effect.map(users.byTelegramId(`${ann}`), Option.getOrThrow))

/** Makes Ann what the case says; she has been met. */
const become = Effect.fnUntraced(function* ({ hasSession, isBeta, role, tier }: Case) {
  const users = yield* Users
  const sessions = yield* SessionClient
  const { userId } = yield* person
  yield* users.setPlan({ userId, tier, role, nowMs: t0 })
  yield* users.setBetaUntil({ userId, betaUntil: isBeta ? t0 + 1_000 : null, nowMs: t0 })
  yield* hasSession
    ? sessions.start({ telegramId: `${ann}`, chatId: `${ann}`, username: null, firstName: "Ann", languageCode: "en" })
    : sessions.end(`${ann}`)
})

/** All that a person could change, as one text; when somebody was last seen is no change. */
const everything = Effect.gen(function* () {
  const { sql } = yield* Store
  const rows = yield* sql`select (select json_agg(u order by telegram_id) from
      (select telegram_id, role, tier, country, beta_until, is_active from users) u) as users,
    (select json_agg(p order by user_id) from user_notification_preferences p) as preferences,
    (select json_agg(s order by session_id) from (select session_id, session_state from user_sessions) s) as sessions,
    (select count(*)::int from audit_log) as audited, (select count(*)::int from distribution_analytics) as receipts,
    (select count(*)::int from opportunity_distribution_queue) as queued`
  return JSON.stringify(rows)
})

const life = <E, R>(body: (conversation: Conversation) => Effect.Effect<void, E, R>) =>
  Effect.andThen(
    fresh,
    Effect.flatMap(conversation, body).pipe(Effect.provide(Layer.provideMerge(polled, surroundings()))),
  )

/** Says it, and answers what the bot said to it. Where it should say nothing /help follows, in the same lane. */
const asking = ({ emulator, messages, settled }: Conversation, chatId: number) => (text: string, isSilent: boolean) =>
  Effect.gen(function* () {
    const before = (yield* messages(chatId)).length
    yield* emulator.say(chatId, ann, text)
    if (isSilent) yield* emulator.say(chatId, ann, "/help")
    yield* until(Effect.map(messages(chatId), (all) => all.length > before))
    yield* settled
    const after = (yield* messages(chatId)).slice(before)
    if (isSilent) assert.match(after.at(-1) ?? "", HELP, text)
    return isSilent ? after.slice(0, -1) : after
  })

const tapOf = (id: string, data: string, { place }: Pick<Case, "place">) => ({
  callback_query: {
    id,
    from: { id: ann, is_bot: false, first_name: "Ann", language_code: "en" },
    message: {
      message_id: 1,
      date: 1,
      chat: place === "private"
        ? { id: ann, type: "private", first_name: "Ann" }
        : { id: group, type: "group", title: "Desk" },
      text: "x",
    },
    chat_instance: "1",
    data,
  },
})

layer(world, { timeout: "60 seconds" })("Permissions", (it) => {
  it.effect(
    "admit to every command whom the table admits, and answer all others why, changing nothing",
    () =>
      life((talk) =>
        Effect.gen(function* () {
          yield* talk.say(ann, "/start")
          for (const who of cases) {
            const ask = asking(talk, who.place === "private" ? ann : group)
            yield* become(who)
            let known: string | null = null
            for (const { name } of COMMANDS) {
              const what = `/${name} ${JSON.stringify(who)}`
              const reason = denial(name, who)
              const isSilent = reason === "role" && who.place === "group"
              const before: string = reason === null ? "" : known ?? (yield* everything)
              const said = yield* ask(`/${name}`, isSilent)
              if (reason === null) {
                assert.isTrue(said.length > 0 && !said.some(anyDenial), `${what}: ${said.join(" | ")}`)
                if (name === "start" || name === "logout" || name === "forget") yield* become(who)
                known = null
                continue
              }
              known = yield* everything
              assert.strictEqual(known, before, what)
              assert.lengthOf(said, isSilent ? 0 : 1, what)
              assert.isTrue(
                reason !== "tier" && reason !== "beta" && (isSilent || DENIED[reason].test(said[0] ?? "")),
                what,
              )
            }
          }
        })
      ),
    TIMEOUT,
  )

  it.effect(
    "are asked again at every tap, whoever's button it was",
    () =>
      life(({ emulator, say, settled }) =>
        Effect.gen(function* () {
          yield* say(ann, "/start")
          yield* say(bob, "/start")
          yield* Opportunities.use((store) => store.upsert(card({ expiresAt: t0 + 3_600_000 }), t0))
          yield* become({ role: "superadmin", tier: "free", place: "private", hasSession: true, isBeta: false })
          yield* say(ann, `/users ${bob}`)
          const page = (yield* emulator.chat(ann)).messages.at(-1)?.buttons.flat() ?? []
          const dataOf = (text: string) => {
            const button = page.find((each) => each.text === text)
            return button !== undefined && "callback_data" in button ? button.callback_data : ""
          }
          const buttons: ReadonlyArray<{ readonly data: string; readonly permission: Permission }> = [
            ...ACTIONS.map((action) => ({ data: encode(action, card().id), permission: PERMISSION_OF[action] })),
            { data: dataOf("pro"), permission: "users" },
            { data: dataOf("admin"), permission: "users" },
          ]
          assert.isTrue(buttons.every(({ data }) => data !== ""))
          const bobs = Users.use((users) =>
            Effect.map(users.byTelegramId(`${bob}`), (user) => {
              const { role, tier } = Option.getOrThrow(user)
              return `${role} ${tier}`
            })
          )
          let queries = 0
          for (const who of cases) {
            yield* become(who)
            for (const { data, permission } of buttons) {
              const what = `${data} ${JSON.stringify(who)}`
              const reason = denial(permission, who)
              const before = yield* everything
              const id = `${++queries}`
              yield* emulator.pushRawUpdate(tapOf(id, data, who))
              const answers = Effect.map(emulator.log.calls, (calls) =>
                calls.filter(({ method, params }) =>
                  method === "answerCallbackQuery" && params["callback_query_id"] === id
                ))
              yield* until(Effect.map(answers, (all) => all.length > 0))
              yield* settled
              const text = `${(yield* answers)[0]?.params["text"] ?? ""}`
              if (reason === null) {
                assert.notMatch(text, /no session|logged out|no longer works|between the two of us/, what)
                continue
              }
              assert.strictEqual(yield* everything, before, what)
              assert.match(
                text,
                reason === "session"
                  ? /^You (have no session|are logged out)/
                  : reason === "role"
                  ? /no longer works/
                  : /between the two of us/,
                what,
              )
            }
          }
          assert.match(yield* bobs, /^(user|admin) pro$/)
        })
      ),
    TIMEOUT,
  )

  it.effect("change at the very next call: role, plan and beta access as the store has them, a session ended elsewhere", () =>
    life((talk) =>
      Effect.gen(function* () {
        const { say } = talk
        const users = yield* Users
        yield* say(ann, "/start")
        const { userId } = yield* person
        const set = (role: Role, tier: Tier) => users.setPlan({ userId, role, tier, nowMs: t0 })
        assert.match(yield* say(ann, "/stats"), DENIED.role)
        yield* set("admin", "free")
        assert.match(yield* say(ann, "/stats"), /^📊 The service/)
        assert.include(yield* say(ann, "/help"), "/users")
        yield* set("user", "pro")
        assert.match(yield* say(ann, "/stats"), DENIED.role)
        assert.include(yield* say(ann, "/profile"), "Plan: pro")
        yield* users.setBetaUntil({ userId, betaUntil: t0 + 1, nowMs: t0 })
        assert.include(yield* say(ann, "/profile"), "beta access until")
        yield* users.setBetaUntil({ userId, betaUntil: t0, nowMs: t0 })
        assert.notInclude(yield* say(ann, "/profile"), "beta access until")
        yield* Sessions.use((sessions) => sessions.terminateChat(`${ann}`, t0))
        assert.match(yield* say(ann, "/profile"), DENIED.session)
      })
    ))

  it.effect("of others are changed by admins, roles by superadmins alone, and each change is in the audit log", () =>
    life(({ say, tap }) =>
      Effect.gen(function* () {
        const audit = yield* Audit
        yield* say(bob, "/start")
        yield* say(ann, "/start")
        const { userId } = yield* person
        yield* Users.use((users) => users.setPlan({ userId, role: "admin", tier: "free", nowMs: t0 }))
        assert.match(yield* say(ann, `/users ${bob}`), /^👤 Bob[^]*plan: free, role: user/)
        assert.strictEqual(yield* tap(ann, "premium"), "Changed, as of now.")
        assert.strictEqual(yield* tap(ann, "Beta for 30 days"), "Changed, as of now.")
        assert.match(yield* say(bob, "/profile"), /Plan: premium[^]*beta access until 2025-07-15/)
        assert.strictEqual((yield* Effect.exit(tap(ann, "superadmin")))._tag, "Failure", "there is no such button")
        yield* Users.use((users) => users.setPlan({ userId, role: "superadmin", tier: "free", nowMs: t0 }))
        yield* say(ann, `/users ${bob}`)
        assert.strictEqual(yield* tap(ann, "admin"), "Changed, as of now.")
        assert.match(yield* say(bob, "/stats"), /^📊/)
        const recorded = (yield* audit.recent(10)).map(({ action, details, success }) => [
          action,
          success,
          details["from"],
          details["to"],
        ])
        assert.deepStrictEqual(recorded, [
          ["role_changed", true, "user", "admin"],
          ["beta_changed", true, null, t0 + 30 * 86_400_000],
          ["tier_changed", true, "free", "premium"],
        ])
        assert.isNull((yield* audit.verify).broken)
      })
    ))
})
