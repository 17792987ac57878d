/**
 * A notice as its reader sees it.
 *
 * In: a notice, the reader's language and zone. Out: HTML, its first line a title. Promises: it says what happened and
 * what can be done; names of venues are escaped; times are the reader's.
 */
import type { AlertKind } from "../AdminAlert.ts"
import type { Notice } from "../Notice.ts"
import type { Language } from "../Preferences.ts"
import type { Role, Tier } from "../Tier.ts"
import { momentIn } from "./AlertCard.ts"
import { bold, escape } from "./Html.ts"

type Week = Extract<Notice, { readonly about: "week" }>

interface Words {
  readonly tier: (from: Tier, to: Tier) => readonly [string, string]
  readonly role: (to: Role) => readonly [string, string]
  readonly betaUntil: (until: string) => readonly [string, string]
  readonly betaOver: readonly [string, string]
  readonly session: (endsAt: string) => readonly [string, string]
  /** What is wrong; `subject` is escaped already. */
  readonly alert: Readonly<Record<AlertKind, (subject: string, value: number) => readonly [string, string]>>
  readonly since: (time: string) => string
  readonly over: Readonly<Record<AlertKind, (subject: string) => string>>
  readonly lasted: (from: string, to: string) => string
  readonly week: (from: string, to: string) => readonly [string, string]
  readonly figures: (week: Week) => ReadonlyArray<string>
}

const percent = (share: number): string => (100 * share).toFixed(1)

const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    tier: (
      from,
      to,
    ) => [`Your plan is ${to} now`, `It was ${from}; an admin changed it. /profile shows what it includes.`],
    role: (to) => [`Your role is ${to} now`, "An admin changed it. /help lists the commands that you have."],
    betaUntil: (until) => ["You have beta access now", `It lasts until ${until}. /profile shows it.`],
    betaOver: ["Your beta access has ended", "An admin ended it. /profile shows what your plan includes."],
    session: (endsAt) => [
      "Your session ends soon",
      `It ends at ${endsAt}, and with it all that I send you. Any command or button renews it: /session.`,
    ],
    alert: {
      stale_venue: (venue, value) => [
        `${venue} is silent`,
        `No market data for ${
          Math.round(value)
        } s. Its opportunities are missing; <code>arbedge doctor</code> checks the venue.`,
      ],
      queue_age: (_, value) => [
        "Messages wait too long",
        `The oldest has waited for ${Math.round(value)} s. <code>arbedge queue</code> shows where.`,
      ],
      delivery_failures: (_, value) => [
        "Deliveries fail",
        `${percent(value)}% of the last ten minutes failed. <code>arbedge dlq list</code> shows them and why.`,
      ],
    },
    since: (time) => `Since ${time}.`,
    over: {
      stale_venue: (venue) => `${venue} speaks again`,
      queue_age: () => "Messages leave in time again",
      delivery_failures: () => "Deliveries succeed again",
    },
    lasted: (from, to) => `It lasted from ${from} to ${to}.`,
    week: (from, to) => ["The week in figures", `From ${from} to ${to}.`],
    figures: ({ expired, failed, newcomers, opportunities, returned, sent, sessions }) => [
      `Messages: ${sent} sent, ${failed} failed, ${expired} too late.`,
      `Sessions begun: ${sessions}; opportunities seen in them: ${opportunities}.`,
      newcomers === 0
        ? "Nobody new has had a seventh day yet."
        : `Of ${newcomers} newcomers ${returned} were active on their seventh day (${percent(returned / newcomers)}%).`,
      "More: <code>arbedge queue</code>, <code>arbedge scorecard</code>, /stats.",
    ],
  },
  ru: {
    tier: (from, to) => [
      `Ваш тариф теперь ${to}`,
      `Был ${from}; его изменил администратор. Что в него входит — /profile.`,
    ],
    role: (to) => [`Ваша роль теперь ${to}`, "Её изменил администратор. Доступные вам команды — /help."],
    betaUntil: (until) => ["Вам открыт бета-доступ", `Он действует до ${until}. Подробнее — /profile.`],
    betaOver: ["Ваш бета-доступ закончился", "Его закрыл администратор. Что входит в ваш тариф — /profile."],
    session: (endsAt) => [
      "Ваша сессия скоро закончится",
      `Она закончится в ${endsAt}, и с ней все мои сообщения. Любая команда или кнопка продлит её: /session.`,
    ],
    alert: {
      stale_venue: (venue, value) => [
        `${venue} молчит`,
        `Нет данных рынка уже ${
          Math.round(value)
        } с. Её возможностей нет; проверка биржи — <code>arbedge doctor</code>.`,
      ],
      queue_age: (_, value) => [
        "Сообщения ждут слишком долго",
        `Самое старое ждёт ${Math.round(value)} с. Где именно — <code>arbedge queue</code>.`,
      ],
      delivery_failures: (_, value) => [
        "Доставка срывается",
        `За десять минут не доставлено ${percent(value)}%. Что и почему — <code>arbedge dlq list</code>.`,
      ],
    },
    since: (time) => `С ${time}.`,
    over: {
      stale_venue: (venue) => `${venue} снова присылает данные`,
      queue_age: () => "Сообщения снова уходят вовремя",
      delivery_failures: () => "Доставка снова работает",
    },
    lasted: (from, to) => `Это длилось с ${from} до ${to}.`,
    week: (from, to) => ["Неделя в цифрах", `С ${from} до ${to}.`],
    figures: ({ expired, failed, newcomers, opportunities, returned, sent, sessions }) => [
      `Сообщения: отправлено ${sent}, не доставлено ${failed}, устарело ${expired}.`,
      `Новых сессий: ${sessions}; возможностей показано в них: ${opportunities}.`,
      newcomers === 0
        ? "Ни у кого из новых ещё не было седьмого дня."
        : `Из новых (${newcomers}) на седьмой день вернулись ${returned} (${percent(returned / newcomers)}%).`,
      "Подробнее: <code>arbedge queue</code>, <code>arbedge scorecard</code>, /stats.",
    ],
  },
}

const SUBJECT_LENGTH = 60

const card = (sign: string, [title, ...lines]: ReadonlyArray<string>): string =>
  [`${sign} ${bold(title ?? "")}`, ...lines].join("\n")

export const renderNotice = (
  notice: Notice,
  { language, timeZone }: { readonly language: Language; readonly timeZone: string },
): string => {
  const words = WORDS[language], at = (ms: number) => escape(momentIn(ms, timeZone))
  switch (notice.about) {
    case "tier_changed":
      return card("🎫", words.tier(notice.from, notice.to))
    case "role_changed":
      return card("🎫", words.role(notice.to))
    case "beta_changed":
      return card("🎫", notice.until === null ? words.betaOver : words.betaUntil(at(notice.until)))
    case "session_ends":
      return card("⌛️", words.session(at(notice.endsAt)))
    case "alert_began": {
      const { alert, sinceMs, subject, value } = notice
      return card("🚨", [...words.alert[alert](escape(subject, SUBJECT_LENGTH), value), words.since(at(sinceMs))])
    }
    case "alert_ended": {
      const { alert, beganMs, endedMs, subject } = notice
      return card("✅", [words.over[alert](escape(subject, SUBJECT_LENGTH)), words.lasted(at(beganMs), at(endedMs))])
    }
    case "week":
      return card("📈", [...words.week(at(notice.sinceMs), at(notice.untilMs)), ...words.figures(notice)])
  }
}
