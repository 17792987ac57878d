/**
 * By which ways the user is told, and in which order they are tried.
 *
 * In: a member. Out: the route, addresses that wait or ended, and buttons to add, order and end them. Promises: only what
 * the operator has set up is offered; an address is in the route once it proved to be the user's.
 */
import { Effect } from "effect"
import {
  ABILITIES,
  AddressedChannel,
  type DeliveryChannel,
  routeOf,
  type UserChannel,
} from "../../../domain/DeliveryChannel.ts"
import { Outlets } from "../../../layers/Outlets.ts"
import { UserChannels } from "../../../layers/UserChannels.ts"
import { askAddress } from "../dialogues/ChannelAddress.ts"
import { say } from "../Replies.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import { back } from "./Choosing.ts"
import type { Item, Menu } from "./Menu.ts"

const ADDRESS_LENGTH = 60

/** A subscription is long and says nothing to people: the browser's push service stands for it. */
const shown = ({ address, channel }: UserChannel): string => {
  if (channel !== "web_push") return address.slice(0, ADDRESS_LENGTH)
  return /"endpoint":"https?:\/\/([^/"]+)/.exec(address)?.[1] ?? ""
}

/** The same order with this one a place earlier. */
const raised = (route: ReadonlyArray<DeliveryChannel>, channel: DeliveryChannel): ReadonlyArray<DeliveryChannel> => {
  const at = route.indexOf(channel), before = route[at - 1]
  return before === undefined ? route : route.with(at - 1, channel).with(at, before)
}

const line = (member: Member, known: ReadonlyArray<UserChannel>, channel: DeliveryChannel, place: number): string => {
  const { language } = member.preferences
  const own = known.find((each) => each.channel === channel)
  return html(language, `channels-line.${channel}`, { place, address: own === undefined ? "" : shown(own) })
}

export const channelsMenu: Menu = {
  id: "channels",
  permission: "notifications",
  draw: (member) =>
    Effect.gen(function* () {
      const { preferences: { language }, user: { userId }, visit: { nowMs } } = member
      const channels = yield* UserChannels, outlets = yield* Outlets
      const known = yield* channels.of(userId)
      const route = routeOf(known)
      const name = (channel: DeliveryChannel) => plain(language, `channels-name.${channel}`)
      const raising = route.slice(1).map((channel): Item => ({
        text: plain(language, "channels-raise", { name: name(channel) }),
        press: Effect.as(channels.reorder(userId, raised(route, channel), nowMs), {}),
      }))
      const own = AddressedChannel.literals.filter((channel) => outlets[channel] !== null).map((channel): Item => {
        const is = known.find((each) => each.channel === channel)
        return is?.state === "verified"
          ? {
            text: plain(language, "channels-end", { name: name(channel) }),
            press: Effect.as(channels.end({ userId, channel, why: "by_user", nowMs }), {
              answer: plain(language, "channels-ended.answer"),
            }),
          }
          : {
            text: plain(language, "channels-add", { name: name(channel) }),
            press: Effect.succeed({ then: askAddress(member, channel) }),
          }
      })
      const secrets = known.flatMap((each): ReadonlyArray<Item> => {
        const secret = outlets[each.channel]?.secretOf(each.channelId) ?? null
        return each.state !== "verified" || secret === null ? [] : [{
          text: plain(language, "channels-secret"),
          press: Effect.succeed({
            then: say(member.visit.chatId, html(language, "channels-secret-text", { secret })),
          }),
        }]
      })
      const waiting = known.filter(({ state }) => state !== "verified")
      return {
        html: [
          html(language, "channels-title"),
          ...route.map((channel, at) => line(member, known, channel, at + 1)),
          ...waiting.map((each) =>
            html(language, `channels-${each.state}`, { name: name(each.channel), address: shown(each) })
          ),
          "",
          html(language, own.length === 0 ? "channels-none" : "channels-text", {
            mails: ABILITIES.email.perDay,
          }),
        ].join("\n"),
        rows: [raising, ...own.map((item) => [item]), secrets, [back(language, "push")]],
      }
    }),
}
