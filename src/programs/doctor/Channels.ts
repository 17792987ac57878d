/**
 * `doctor` on the channels beside Telegram: absent, half set, failing or connected.
 *
 * In: settings. Out: one check a channel. Promises: the mail server is asked and sent nothing; keys are tried without a
 * request; no secret is in any of them.
 */
import { Duration, Effect } from "effect"
import { AddressedChannel } from "../../domain/DeliveryChannel.ts"
import type { Settings } from "../../domain/Settings.ts"
import * as ChannelOutlets from "../../layers/channels/Outlets.ts"
import { linksOf } from "../../layers/Unsubscribing.ts"
import { type Check, failing, missing, ok, optional } from "./Check.ts"

const TIMEOUT = Duration.seconds(10)

const NAMES: Readonly<Record<AddressedChannel, string>> = { webhook: "webhooks", email: "mail", web_push: "web push" }

const SOUND: Readonly<Record<AddressedChannel, string>> = {
  webhook: "connected: each receiver has a secret of its own",
  email: "connected: the server answers and lets us in",
  web_push: "connected: the keys are valid",
}

const FIX: Readonly<Record<AddressedChannel, string>> = {
  webhook: "correct ARBEDGE_WEBHOOK_KEY",
  email: "check ARBEDGE_SMTP_URL: host, port, user and password, and TLS",
  web_push:
    "make new ones with `npx web-push generate-vapid-keys`, and set a contact that begins with mailto: or https:",
}

const SHORTEST_KEY = 32

export const checkChannels = Effect.fn("Doctor.checkChannels")(
  (settings: Settings): Effect.Effect<ReadonlyArray<Check>> => {
    const outlets = ChannelOutlets.make(settings, linksOf(settings.publicUrl, settings.telegramToken).urlOf)
    return Effect.forEach(AddressedChannel.literals, (channel) => {
      const name = NAMES[channel], outlet = outlets[channel]
      const { isAbsent, lacking } = ChannelOutlets.missing(settings, channel)
      if (isAbsent) {
        return Effect.succeed(optional(name, "absent: users are not offered it", `set ${lacking.join(", ")}`))
      }
      if (lacking.length === 0 && outlet === null) {
        return Effect.succeed(failing(name, "its URL cannot be read", FIX[channel]))
      }
      if (outlet === null) return Effect.succeed(missing(name, "half set", `set ${lacking.join(" and ")} too`))
      if (channel === "webhook" && ChannelOutlets.keyLength(settings) < SHORTEST_KEY) {
        return Effect.succeed(failing(name, `the key is shorter than ${SHORTEST_KEY} letters`, FIX[channel]))
      }
      return outlet.reach.pipe(
        Effect.timeoutOrElse({
          duration: TIMEOUT,
          orElse: () => Effect.succeed(`no answer within ${Duration.format(TIMEOUT)}`),
        }),
        Effect.map((trouble) => trouble === null ? ok(name, SOUND[channel]) : failing(name, trouble, FIX[channel])),
      )
    }, { concurrency: "unbounded" }).pipe(
      Effect.map((checks) =>
        settings.localChannels
          ? [...checks, failing("channels", "ARBEDGE_LOCAL_CHANNELS lets users reach this network", "unset it")]
          : checks
      ),
    )
  },
)
