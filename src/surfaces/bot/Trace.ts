/**
 * A trace of eligibility as the bot shows it: what happened then, and layer by layer what would now.
 *
 * In: a trace, who reads it. Out: HTML of one message, or the short answer to a tap. Promises: every value that was
 * compared is shown, instants in the reader's zone; what is unknown says so.
 */
import { Schema } from "effect"
import { type Checked, EligibilityReason } from "../../domain/Eligibility.ts"
import type { Preferences } from "../../domain/Preferences.ts"
import { CARD_TEXTS } from "../../domain/card/CardTexts.ts"
import { escape } from "../../domain/card/Html.ts"
import type { Fate } from "../../layers/ToldHistory.ts"
import type { UserTrace } from "../../programs/UserTraces.ts"
import { instant } from "./Shown.ts"
import { type Args, html, plain } from "./texts/Fluent.ts"

type Reader = Pick<Preferences, "language" | "timeZone">

const isInstant = (name: string): boolean => name.endsWith("Ms") || name === "expiresAt"

const shown = (name: string, value: Checked["values"][string], { language, timeZone }: Reader): string => {
  if (value === null) return plain(language, "why-value.unknown")
  if (typeof value === "boolean") return plain(language, value ? "why-value.yes" : "why-value.no")
  if (typeof value === "number") return isInstant(name) ? instant(value, timeZone) : `${value}`
  if (value === "all" || value === "none") return plain(language, `why-value.${value}`)
  if (value === "") return plain(language, "why-value.none")
  const types: Readonly<Record<string, string>> = CARD_TEXTS[language].types
  return value.split(" ").map((word) => types[word] ?? word).join(", ")
}

const argsOf = (values: Checked["values"], reader: Reader): Args =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, shown(name, value, reader)]))

const line = ({ isLabel, passed, reason, values }: Checked, reader: Reader): string => {
  const { language } = reader
  const text = values["waived"] === undefined
    ? html(language, `why-check.${reason}`, argsOf(values, reader))
    : html(language, "why-waived")
  return isLabel ? `🏷 ${text}` : passed ? `• ${text}` : `❌ <b>${text}</b>`
}

const fateOf = (fate: Fate | null, reader: Reader): string => {
  const { language, timeZone } = reader
  if (fate === null) return html(language, "why-then.never")
  const at = instant(fate.deliveredAt ?? fate.queuedAt, timeZone)
  if (fate.status === "sent") return html(language, "why-then.sent", { at })
  const waits = fate.status === "pending" || fate.status === "sending" || fate.status === "unknown"
  if (waits) return html(language, "why-then.waits", { at })
  return html(language, "why-then.not_sent", { at, reason: { html: reasonText(fate.reason ?? fate.status, language) } })
}

const isReason = Schema.is(EligibilityReason)

/** A reason that a row kept: one of ours, or what the messenger said. */
const reasonText = (reason: string, language: Preferences["language"]): string => {
  if (isReason(reason)) return html(language, `why-reason.${reason}`)
  return reason === "expired" ? html(language, "why-then.expired") : escape(reason, 100)
}

const LAYERS = [1, 2, 3, 4, 5, 6] as const

/** The whole trace. */
export const traceHtml = ({ checks, fate, opportunity, reason }: UserTrace, reader: Reader): string => {
  const { language } = reader
  const layers = LAYERS.flatMap((layer) => {
    const own = checks.filter((check) => check.layer === layer)
    const mark = own.every(({ passed }) => passed) ? "✅" : "❌"
    const waived = own.every(({ values }) => values["waived"] !== undefined)
    const lines = waived ? own.slice(0, 1) : own
    return ["", `${mark} ${html(language, `why-layer.layer${layer}`)}`, ...lines.map((check) => line(check, reader))]
  })
  return [
    html(language, "why-title", { asset: opportunity.asset, type: CARD_TEXTS[language].types[opportunity.type] }),
    fateOf(fate, reader),
    reason === null ? html(language, "why-now.fits") : html(language, "why-now.not", {
      reason: { html: html(language, `why-reason.${reason}`) },
    }),
    ...layers,
  ].join("\n")
}

/** One sentence, for a tap. */
export const reasonPlain = (reason: EligibilityReason, language: Preferences["language"]): string =>
  plain(language, `why-reason.${reason}`)
