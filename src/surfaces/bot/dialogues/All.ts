/**
 * Every dialogue, by its topic.
 *
 * In: nothing.
 * Out: the list that what people say is matched with.
 */
import { Effect } from "effect"
import { again, open } from "../menus/Menus.ts"
import { askedPlace } from "./AskedPlace.ts"
import { channelAddress } from "./ChannelAddress.ts"
import { keyParts } from "./KeyParts.ts"
import { minimumNet } from "./MinimumNet.ts"
import type { Topic } from "./Topic.ts"
import { typedZone } from "./TypedZone.ts"
import { wantedPairs } from "./WantedPairs.ts"

/** The menu that asked for a place, as it is once the answer has been heard. */
const place = askedPlace((member, mode) =>
  Effect.flatMap(again(member), (now) => open(now, { menu: mode === "setup" ? "onboarding" : "settings" }))
)

export const TOPICS: ReadonlyArray<Topic> = [place, channelAddress, keyParts, minimumNet, typedZone, wantedPairs]
