/**
 * Item: details of one of several that a message tells of, in a message of its own, so that the list stays.
 *
 * In: a member, the opportunity at its newest revision.
 * Out: its card with details. Promises: the same as Details.
 */
import { details } from "./Details.ts"
import type { TapHandler } from "./Tapped.ts"

export const item: TapHandler = (member, opportunity, tap) => details(member, opportunity, { ...tap, messageId: null })
