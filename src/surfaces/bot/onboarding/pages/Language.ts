/**
 * Which language the bot speaks.
 *
 * In: a member.
 * Out: a button a language, each in its own words.
 */
import { Effect } from "effect"
import type { Language } from "../../../../domain/Preferences.ts"
import { chosen, save } from "../../menus/Choosing.ts"
import { html } from "../../texts/Fluent.ts"
import type { Page } from "../Page.ts"

export const LANGUAGES: ReadonlyArray<readonly [Language, string]> = [["en", "🇬🇧 English"], ["ru", "🇷🇺 Русский"]]

export const language: Page = (member, way) => {
  const { language: spoken } = member.preferences
  return Effect.succeed({
    html: html(spoken, "onboarding-language"),
    rows: [
      LANGUAGES.map(([code, name]) => ({
        text: chosen(code === spoken, name),
        press: way.chosen(save(member, (stored) => ({ ...stored, language: code }))),
      })),
    ],
  })
}
