/**
 * What `doctor` says of the channels beside Telegram.
 * In: settings, whole, half and wrong. Out: its checks.
 */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import webPush from "web-push"
import { settings } from "../../../src/domain/Settings.ts"
import { checkChannels } from "../../../src/programs/doctor/Channels.ts"
import { receiver } from "../../layers/channels/support.ts"

const checked = (variables: Record<string, string>) =>
  settings.pipe(
    Effect.provideService(
      ConfigProvider.ConfigProvider,
      ConfigProvider.fromEnvRecord(
        Object.fromEntries(Object.entries(variables).map(([name, value]) => [`ARBEDGE_${name}`, value])),
      ),
    ),
    Effect.flatMap(checkChannels),
  )

const states = (variables: Record<string, string>) =>
  Effect.map(checked(variables), (checks) => checks.map(({ name, state }) => `${name}: ${state}`))

describe("The check of channels", () => {
  it.effect("says absent where nothing is set, and what a half-set channel lacks", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* states({}), ["webhooks: optional", "mail: optional", "web push: optional"])
      const half = yield* checked({ SMTP_URL: "smtps://host", PUSH_PUBLIC_KEY: "x" })
      assert.deepStrictEqual(half.slice(1).map(({ fix, state }) => [state, fix]), [
        ["missing", "set ARBEDGE_MAIL_FROM too"],
        ["missing", "set ARBEDGE_PUSH_PRIVATE_KEY and ARBEDGE_PUSH_CONTACT too"],
      ])
    }))

  it.effect("tells connected from failing, and never a secret", () =>
    Effect.gen(function* () {
      const { privateKey, publicKey } = webPush.generateVAPIDKeys()
      const push = { PUSH_PUBLIC_KEY: publicKey, PUSH_PRIVATE_KEY: privateKey, PUSH_CONTACT: "mailto:a@b.example" }
      assert.deepStrictEqual(yield* states({ WEBHOOK_KEY: "k".repeat(32), ...push }), [
        "webhooks: ok",
        "mail: optional",
        "web push: ok",
      ])
      const { url } = yield* Effect.scoped(receiver(() => ({ status: 200 })))
      const closed = `smtp://user:canary-password@${new URL(url).host}`
      const wrong = { WEBHOOK_KEY: "canary-key", SMTP_URL: closed, MAIL_FROM: "a@b.example", ...push }
      const checks = yield* checked({ ...wrong, PUSH_CONTACT: "somebody", LOCAL_CHANNELS: "true" })
      assert.deepStrictEqual(checks.map(({ state }) => state), ["failing", "failing", "failing", "failing"])
      assert.notInclude(JSON.stringify(checks), "canary")
      assert.notInclude(JSON.stringify(checks), privateKey)
      assert.strictEqual((yield* checked({ SMTP_URL: "nonsense", MAIL_FROM: "a@b.example" }))[1]?.state, "failing")
    }))
})
