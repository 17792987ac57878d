/**
 * Every dialogue, by its topic.
 *
 * In: nothing.
 * Out: the list that what people say is matched with.
 */
import type { Topic } from "./Topic.ts"

export const TOPICS: ReadonlyArray<Topic> = []
