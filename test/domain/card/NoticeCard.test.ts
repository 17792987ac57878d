/** Notices as their readers see them: in their language and zone, with nothing foreign read as HTML. */
import { describe, expect, it } from "vitest"
import { Language } from "../../../src/domain/Preferences.ts"
import { renderNotice } from "../../../src/domain/card/NoticeCard.ts"
import type { Notice } from "../../../src/domain/Notice.ts"

const atMs = 1_750_000_000_000
const everyNotice: ReadonlyArray<Notice> = [
  { about: "tier_changed", from: "free", to: "pro" },
  { about: "role_changed", from: "user", to: "admin" },
  { about: "beta_changed", until: atMs },
  { about: "beta_changed", until: null },
  { about: "session_ends", endsAt: atMs },
  ...(["stale_venue", "queue_age", "delivery_failures"] as const).flatMap((alert): ReadonlyArray<Notice> => [
    { about: "alert_began", alert, subject: "kraken", value: 0.25, sinceMs: atMs },
    { about: "alert_ended", alert, subject: "kraken", beganMs: atMs, endedMs: atMs + 600_000 },
  ]),
]

describe("A notice", () => {
  it("says in English what happened and what can be done, in the reader's zone", () => {
    const text = renderNotice({ about: "session_ends", endsAt: atMs }, { language: "en", timeZone: "Asia/Tokyo" })
    expect(text).toBe(
      "⌛️ <b>Your session ends soon</b>\n" +
        "It ends at 2025-06-16 00:06 (Asia/Tokyo), and with it all that I send you. " +
        "Any command or button renews it: /session.",
    )
  })

  it("is written in each language, with a title of its own", () => {
    for (const notice of everyNotice) {
      const texts = Language.literals.map((language) => renderNotice(notice, { language, timeZone: "UTC" }))
      expect(new Set(texts).size).toBe(Language.literals.length)
      for (const text of texts) expect(text).toMatch(/^\S+ <b>[^<]+<\/b>\n\S/)
    }
    const russian = everyNotice.map((notice) => renderNotice(notice, { language: "ru", timeZone: "UTC" }))
    for (const text of russian) expect(text).toMatch(/[а-яё]/i)
  })

  it("shows a venue's name as text, whatever stands in it", () => {
    const subject = "<b>x</b>\u202e&"
    for (const language of Language.literals) {
      const view = { language, timeZone: "UTC" }
      const texts = [
        renderNotice({ about: "alert_began", alert: "stale_venue", subject, value: 90, sinceMs: atMs }, view),
        renderNotice({ about: "alert_ended", alert: "stale_venue", subject, beganMs: atMs, endedMs: atMs }, view),
      ]
      for (const text of texts) {
        expect(text).toContain("&lt;b&gt;x&lt;/b&gt; &amp;")
        expect(text).not.toContain("\u202e")
      }
    }
  })
})
