/**
 * Every text of the bot, by language.
 *
 * In: a language.
 * Out: its texts.
 * To add a language: a file of its own, its name in `Preferences`, its place here.
 */
import { en } from "./En.ts"
import { ru } from "./Ru.ts"
import type { Language, Texts } from "./Texts.ts"

export const TEXTS: Readonly<Record<Language, Texts>> = { en, ru }
