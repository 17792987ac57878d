/**
 * The outlets that an operator has set up.
 *
 * In: the operator's settings of channels. Out: the Outlets port. Promises: what is not set up is null and opens
 * nothing; a half-set channel is null too, and `missing` says what it lacks.
 */
import { Layer, Option, Redacted } from "effect"
import type { AddressedChannel } from "../../domain/DeliveryChannel.ts"
import type { Settings } from "../../domain/Settings.ts"
import { type AllOutlets, type Outlet, Outlets } from "../Outlets.ts"
import * as Mail from "./Mail.ts"
import * as WebPush from "./WebPush.ts"
import * as Webhook from "./Webhook.ts"

export type ChannelSettings = Pick<
  Settings,
  "smtpUrl" | "mailFrom" | "pushPublicKey" | "pushPrivateKey" | "pushContact" | "webhookKey" | "localChannels"
>

/** Where one click ends a user's mails. */
export type UnsubscribeUrl = (channelId: string) => Option.Option<string>

/** The variables that make each channel, all of them or none. */
const VARIABLES: Readonly<Record<AddressedChannel, ReadonlyArray<readonly [keyof ChannelSettings, string]>>> = {
  webhook: [["webhookKey", "ARBEDGE_WEBHOOK_KEY"]],
  email: [["smtpUrl", "ARBEDGE_SMTP_URL"], ["mailFrom", "ARBEDGE_MAIL_FROM"]],
  web_push: [
    ["pushPublicKey", "ARBEDGE_PUSH_PUBLIC_KEY"],
    ["pushPrivateKey", "ARBEDGE_PUSH_PRIVATE_KEY"],
    ["pushContact", "ARBEDGE_PUSH_CONTACT"],
  ],
}

const isSet = (value: ChannelSettings[keyof ChannelSettings]): boolean =>
  typeof value !== "boolean" && value._tag === "Some"

/** Variables that a channel lacks; all of them: nobody wants it. */
export const missing = (settings: ChannelSettings, channel: AddressedChannel) => {
  const wanted = VARIABLES[channel]
  const lacking = wanted.filter(([name]) => !isSet(settings[name])).map(([, variable]) => variable)
  return { lacking, isAbsent: lacking.length === wanted.length }
}

/** Letters of the key that webhooks are signed from; 0: none. */
export const keyLength = ({ webhookKey }: ChannelSettings): number =>
  Option.match(webhookKey, { onNone: () => 0, onSome: (key) => Redacted.value(key).length })

export const make = (settings: ChannelSettings, unsubscribeUrl: UnsubscribeUrl): AllOutlets => {
  const options = { allowLocal: settings.localChannels }
  const mail = Option.filter(
    Option.all({ url: settings.smtpUrl, from: settings.mailFrom }),
    ({ url }) => /^smtps?:/.test(Redacted.value(url)) && URL.canParse(Redacted.value(url)),
  )
  const push = Option.all({
    publicKey: settings.pushPublicKey,
    privateKey: settings.pushPrivateKey,
    contact: settings.pushContact,
  })
  const orNull = <A>(set: Option.Option<A>, outlet: (value: A) => Outlet): Outlet | null =>
    Option.match(set, { onNone: () => null, onSome: outlet })
  return {
    webhook: orNull(settings.webhookKey, (key: Redacted.Redacted) => Webhook.make(key, options)),
    email: orNull(mail, (set) => Mail.make({ ...set, unsubscribeUrl })),
    web_push: orNull(push, (keys) => WebPush.make(keys, options)),
  }
}

export const layer = (settings: ChannelSettings, unsubscribeUrl: UnsubscribeUrl): Layer.Layer<never> =>
  Layer.sync(Outlets, () => make(settings, unsubscribeUrl))
