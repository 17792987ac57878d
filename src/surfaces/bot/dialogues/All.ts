/**
 * Every dialogue, by its topic.
 *
 * In: nothing.
 * Out: the list that what people say is matched with.
 */
import { keyParts } from "./KeyParts.ts"
import { minimumNet } from "./MinimumNet.ts"
import type { Topic } from "./Topic.ts"
import { typedZone } from "./TypedZone.ts"
import { wantedPairs } from "./WantedPairs.ts"

export const TOPICS: ReadonlyArray<Topic> = [keyParts, minimumNet, typedZone, wantedPairs]
