/** Telegram's menus of commands: by place, language and role. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Schema } from "effect"
import { denial } from "../../../src/domain/Permission.ts"
import { Users } from "../../../src/layers/Users.ts"
import { change } from "../../../src/programs/Administration.ts"
import { COMMANDS } from "../../../src/surfaces/bot/commands/All.ts"
import { plain } from "../../../src/surfaces/bot/texts/Fluent.ts"
import { ann, call, people } from "../../simulators/telegram/support.ts"
import { t0 } from "../../suites/StoreWorld.ts"
import { fresh, until, world } from "../../support/actors.ts"
import { conversation, polled, surroundings } from "./running.ts"

const Commands = Schema.Array(Schema.Struct({ command: Schema.String, description: Schema.String }))

/** What an app would be shown. */
const menu = (scope: Readonly<Record<string, unknown>>, language?: string) =>
  Effect.flatMap(
    call("getMyCommands", { scope, ...(language === undefined ? {} : { language_code: language }) }),
    ({ result }) => Schema.decodeUnknownEffect(Commands)(result),
  ).pipe(Effect.orDie)

const names = (scope: Readonly<Record<string, unknown>>) =>
  Effect.map(menu(scope), (all) => all.map(({ command }) => command))

const operator = { userId: null, role: "superadmin", sessionId: null, command: "arbedge users" } as const

/** By the table, asked directly. */
const allowed = (place: "private" | "group", role: "user" | "admin" = "user"): ReadonlyArray<string> =>
  COMMANDS.map(({ name }) => name).filter((name) =>
    denial(name, { hasSession: true, role, tier: "free", place, isBeta: false }) === null
  )

layer(world, { timeout: "60 seconds" })("Menus of commands", (it) => {
  it.effect("hold in each place and language what may be used there, and in admins' chats what is theirs", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const { say } = yield* conversation
        const inPrivate = { type: "all_private_chats" }, inGroups = { type: "all_group_chats" }
        const administrators = { type: "all_chat_administrators" }, anns = { type: "chat", chat_id: ann }
        yield* until(Effect.map(menu(administrators, "ru"), (all) => all.length > 0))
        assert.deepStrictEqual(yield* names(inPrivate), allowed("private"))
        assert.notInclude(yield* names(inPrivate), "stats")
        assert.deepStrictEqual(yield* names(inGroups), allowed("group").filter((name) => name !== "group"))
        assert.notInclude(yield* names(inGroups), "logout")
        assert.deepStrictEqual(yield* names(administrators), allowed("group"))
        for (const [language, spoken] of [[undefined, "en"], ["en", "en"], ["ru", "ru"]] as const) {
          const [first] = yield* menu(inPrivate, language)
          assert.strictEqual(first?.description, plain(spoken, `command-${first?.command}`))
        }
        yield* say(ann, "/start")
        assert.deepStrictEqual(yield* names(anns), [])
        yield* change(operator, `${ann}`, { what: "role", to: "admin" })
        yield* until(Effect.map(menu(anns, "ru"), (all) => all.some(({ command }) => command === "stats")))
        assert.deepStrictEqual(yield* names(anns), allowed("private", "admin"))
        yield* change(operator, `${ann}`, { what: "role", to: "user" })
        yield* until(Effect.map(menu(anns, "ru"), (all) => all.length === 0))
        assert.deepStrictEqual(yield* names(anns), [])
      }).pipe(Effect.provide(Layer.provideMerge(polled, surroundings())))
    }))

  it.effect("are published to admins at the start, and passed over where Telegram knows no such chat", () =>
    Effect.gen(function* () {
      yield* fresh
      const users = yield* Users
      for (const telegramId of ["999", `${ann}`]) {
        const contact = { telegramId, username: null, firstName: null, lastName: null, isGroup: false, nowMs: t0 }
        const { userId } = yield* users.contact(contact)
        yield* users.setPlan({ userId, role: "superadmin", tier: "free", nowMs: t0 })
      }
      yield* Effect.gen(function* () {
        yield* people
        yield* until(Effect.map(names({ type: "chat", chat_id: ann }), (all) => all.includes("users"))).pipe(
          Effect.provide(polled),
        )
        assert.isTrue(Option.isSome(yield* users.byTelegramId("999")))
      }).pipe(Effect.provide(surroundings()))
    }))
})
