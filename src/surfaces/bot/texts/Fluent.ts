/**
 * The bot's texts in Fluent: one folder a language, one `.ftl` file an area.
 *
 * In: a language, a message's id ("id" or "id.attribute") and its arguments. Out: HTML by `html`, plain text for
 * answers to taps and menus by `plain`. Promises: arguments are escaped in HTML unless they are `Markup`; every language
 * has every message with the same arguments (test/surfaces/bot/Fluent.test.ts).
 */
import { FluentBundle, FluentResource } from "@fluent/bundle"
import { readdirSync, readFileSync } from "node:fs"
import { escape, visible } from "../../../domain/card/Html.ts"
import type { Language } from "../../../domain/Preferences.ts"

/** Text that is HTML already. */
export interface Markup {
  readonly html: string
}

export type Args = Readonly<Record<string, string | number | Markup>>

/** Longest argument shown. */
const ARGUMENT_LENGTH = 500

const bundleOf = (language: Language): FluentBundle => {
  // Direction marks would stand in the messages' HTML; foreign text loses its own in `escape`.
  const bundle = new FluentBundle(language, { useIsolating: false })
  const folder = new URL(`./${language}/`, import.meta.url)
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".ftl")).sort()) {
    const errors = bundle.addResource(new FluentResource(readFileSync(new URL(file, folder), "utf8")))
    if (errors[0] !== undefined) throw new Error(`${language}/${file}: ${errors[0].message}`)
  }
  return bundle
}

const bundles: Readonly<Record<Language, FluentBundle>> = { en: bundleOf("en"), ru: bundleOf("ru") }

const format = (language: Language, id: string, args: Record<string, string | number>): string => {
  const [name = "", attribute] = id.split(".")
  const bundle = bundles[language]
  const message = bundle.getMessage(name)
  const pattern = attribute === undefined ? message?.value : message?.attributes[attribute]
  if (pattern == null) throw new Error(`no text "${id}" in ${language}`)
  return bundle.formatPattern(pattern, args)
}

const mapped = (args: Args, text: (value: string) => string): Record<string, string | number> =>
  Object.fromEntries(
    Object.entries(args).map(([name, value]) => [
      name,
      typeof value === "string" ? text(value) : typeof value === "number" ? value : value.html,
    ]),
  )

/** For messages: HTML. */
export const html = (language: Language, id: string, args: Args = {}): string =>
  format(language, id, mapped(args, (value) => escape(value, ARGUMENT_LENGTH)))

/** For buttons, answers to taps and menus of commands: as it is shown. */
export const plain = (language: Language, id: string, args: Args = {}): string =>
  format(language, id, mapped(args, (value) => visible(value, ARGUMENT_LENGTH)))
