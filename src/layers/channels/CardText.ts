/**
 * A card for readers other than Telegram's: as plain text, and as a document of HTML.
 *
 * In: a card's HTML, which is Telegram's few tags and escaped text. Out: the same text without tags, or inside a page.
 * Promises: nothing foreign becomes a tag: what was escaped stays so in HTML, and plain text is never read as HTML.
 */
import { renderBatch } from "../../domain/card/BatchCard.ts"
import { render } from "../../domain/card/OpportunityCard.ts"
import type { Notification } from "../Notifier.ts"

const ENTITIES: Readonly<Record<string, string>> = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&amp;": "&" }

/** A card, or the list where the message tells of several; its buttons are Telegram's alone. */
export const htmlOf = (notification: Notification): string => {
  const { batch = [] } = notification
  if (batch.length <= 1) return render(notification).html
  // The last paragraph speaks of the buttons.
  return renderBatch({ ...notification, opportunities: batch }).html.split("\n\n").slice(0, -1).join("\n\n")
}

export const plainOf = (html: string): string =>
  html.replace(/<[^>]*>/g, "").replace(/&(?:lt|gt|quot|amp);/g, (entity) => ENTITIES[entity] ?? entity)

/** The first line, for a subject or a title. */
export const titleOf = (html: string): string => plainOf(html).split("\n")[0]?.trim() ?? ""

/** The lines after it. */
export const bodyOf = (html: string): string => plainOf(html).split("\n").slice(1).join("\n").trim()

/** `footer` is HTML. */
export const pageOf = (html: string, footer: string): string =>
  `<!doctype html><html><head><meta charset="utf-8"></head><body style="font-family:sans-serif;font-size:15px">` +
  `<p>${html.replaceAll("\n", "<br>\n")}</p>${footer}</body></html>`
