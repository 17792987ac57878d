/** Notices as their readers see them: in their language and zone, with nothing foreign read as HTML. */
import { describe, expect, it } from "vitest"
import { Language } from "../../../src/domain/Preferences.ts"
import { renderNotice } from "../../../src/domain/card/NoticeCard.ts"
import type { Notice } from "../../../src/domain/Notice.ts"

const atMs = 1_750_000_000_000
const week: Notice = {
  about: "week",
  sinceMs: atMs,
  untilMs: atMs + 604_800_000,
  ...{ sent: 1_204, failed: 3, expired: 12, sessions: 40, opportunities: 900, newcomers: 8, returned: 3 },
}
const everyNotice: ReadonlyArray<Notice> = [
  { about: "tier_changed", from: "free", to: "pro" },
  { about: "role_changed", from: "user", to: "admin" },
  { about: "beta_changed", until: atMs },
  { about: "beta_changed", until: null },
  { about: "session_ends", endsAt: atMs },
  week,
  { ...week, newcomers: 0, returned: 0 },
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

  it("shows the week to admins in whole figures", () => {
    expect(renderNotice(week, { language: "en", timeZone: "UTC" }).split("\n")).toEqual([
      "📈 <b>The week in figures</b>",
      "From 2025-06-15 15:06 (UTC) to 2025-06-22 15:06 (UTC).",
      "Messages: 1204 sent, 3 failed, 12 too late.",
      "Sessions begun: 40; opportunities seen in them: 900.",
      "Of 8 newcomers 3 were active on their seventh day (37.5%).",
      "More: <code>arbedge queue</code>, <code>arbedge scorecard</code>, /stats.",
    ])
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
