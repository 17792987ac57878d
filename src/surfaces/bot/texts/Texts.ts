/**
 * What the bot can say, whatever the language.
 *
 * In: figures. Out: HTML, or plain text for answers to taps (`tap...`). Promises: all languages have all texts, since
 * this type asks for them; what comes from people or venues is escaped by the caller.
 */
import type { SessionVerdict } from "../../../domain/Session.ts"
import type { UnwantedReason } from "../../../domain/Matching.ts"
import type { Preferences } from "../../../domain/Preferences.ts"
import type { TimeUnits } from "../../../domain/card/Figures.ts"

export type Language = Preferences["language"]

/** What a user has set, ready to be shown. */
export interface ShownPreferences {
  readonly pushEnabled: boolean
  readonly types: string
  readonly minNetBps: number
  /** Empty: all. */
  readonly venues: string
  readonly pairs: string
  readonly muted: string
  readonly perHour: number
  readonly perDay: number
  readonly fromHour: number
  readonly toHour: number
  readonly timeZone: string
  readonly highPriorityOnly: boolean
  readonly doNotDisturb: boolean
}

export interface Texts {
  readonly units: TimeUnits
  readonly welcome: (name: string) => string
  readonly welcomeBack: (name: string) => string
  readonly alreadyActive: string
  readonly sessionUntil: (until: string) => string
  readonly sent: (shown: ShownPreferences) => string
  readonly nextSteps: string
  readonly consent: string
  readonly help: string
  readonly helpSession: string
  readonly session: (started: string, until: string, left: string) => string
  readonly noSession: Readonly<Record<Exclude<SessionVerdict, "valid">, string>>
  readonly startButton: string
  readonly loggedOut: string
  readonly openNow: (fitting: number, shown: number) => string
  readonly nothingOpen: string
  readonly nothingFits: (open: number, why: string) => string
  readonly misfits: Readonly<Record<UnwantedReason, (count: number) => string>>
  readonly unknownCommand: string
  readonly notACommand: string
  readonly groups: string
  readonly groupsButton: string
  readonly trouble: string
  readonly tapNoSession: Readonly<Record<Exclude<SessionVerdict, "valid">, string>>
  readonly tapStarted: string
  readonly tapAlreadyActive: string
  readonly tapGone: string
  readonly tapDetails: string
  readonly tapMuted: (pair: string) => string
  readonly tapAlreadyMuted: (pair: string) => string
  readonly tapMisfit: Readonly<Record<UnwantedReason, string>>
  readonly tapWhy: (
    why: { readonly netBps: string | null; readonly minNetBps: number; readonly tier: string },
  ) => string
  readonly tapUnknown: string
  readonly tapWorking: string
  readonly tapTrouble: string
}
