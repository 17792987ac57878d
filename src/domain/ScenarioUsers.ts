/**
 * The users of a load run: who they are, from counts and proportions alone.
 *
 * In: the users of a scenario. Out: each user's chat, tier, wants, whether they have a session, whose group it is.
 * Promises: pure and without chance (EvenShares.ts): proportions hold to within a few users for any count, and the same
 * scenario always has the same people.
 */
import { chosen, place } from "./EvenShares.ts"
import { DEFAULT_PREFERENCES, type Preferences } from "./Preferences.ts"
import { EAGER, type Users } from "./Scenario.ts"
import { Tier } from "./Tier.ts"

export interface ScenarioUser {
  /** Telegram's; below zero: a group. */
  readonly chatId: number
  readonly tier: Tier
  readonly hasSession: boolean
  readonly preferences: Preferences
  /** Of a group: the person who registered it; else null. */
  readonly registrarId: number | null
}

const FIRST_CHAT = 1_000_000
/** Their multiples fill 0..1 evenly and independently of each other. */
const STEPS = { tier: Math.sqrt(2), wants: (Math.sqrt(5) - 1) / 2, session: Math.sqrt(3), group: Math.sqrt(7) }

export const usersOf = ({ count, groups, preferences, sessions, tiers }: Users): ReadonlyArray<ScenarioUser> => {
  const byTier = Tier.literals.map((value) => ({ value, weight: tiers[value] ?? 0 }))
  const byWants = preferences.map(({ wants, weight }) => ({ value: wants, weight }))
  let registrarId: number | null = null
  return Array.from({ length: count }, (_, at) => {
    // A group needs somebody with a session who registers it.
    const isGroup = registrarId !== null && place(STEPS.group, at) < groups
    const hasSession = isGroup || place(STEPS.session, at) < sessions
    const id = FIRST_CHAT + at
    const user: ScenarioUser = {
      chatId: isGroup ? -id : id,
      tier: chosen(byTier, place(STEPS.tier, at)) ?? "free",
      hasSession,
      preferences: { ...DEFAULT_PREFERENCES, ...EAGER, ...chosen(byWants, place(STEPS.wants, at)) },
      registrarId: isGroup ? registrarId : null,
    }
    if (!isGroup && hasSession) registrarId = id
    return user
  })
}
