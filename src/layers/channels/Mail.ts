/**
 * Mail by SMTP: a card as plain text and HTML.
 *
 * In: a mail address and a notification. Out: one message handed to the operator's SMTP server. Promises: TLS unless the
 * server is on this machine; a repeat of one notification has the same Message-ID; each mail names a way to be sent no
 * more (List-Unsubscribe, and one click where the service has a public address); a mail cannot be edited.
 */
import { Effect, Option, Redacted } from "effect"
import { createTransport } from "nodemailer"
import { escape } from "../../domain/card/Html.ts"
import type { NoticeMessage, Notification, Outcome } from "../Notifier.ts"
import type { Address, Outlet, Proven } from "../Outlets.ts"
import { htmlOf, pageOf, plainOf, titleOf } from "./CardText.ts"

export interface MailOptions {
  /** smtps://user:password@host:465, or smtp:// for STARTTLS. */
  readonly url: Redacted.Redacted
  /** Who the mails come from: `ArbEdge <bot@example.org>` or an address. */
  readonly from: string
  /** Where one click ends them; none: the service has no public address. */
  readonly unsubscribeUrl: (channelId: string) => Option.Option<string>
}

const TIMEOUT_MS = 10_000
const ADDRESS =
  /^[^\s@<>,;:"()[\]\\]{1,64}@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/i
/** Servers of this machine, which need no TLS. */
const LOCAL = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/
/** Steps of SMTP after which the server may have taken the mail. */
const DELIVERING: ReadonlySet<string> = new Set(["DATA", "API"])

const FOOTER = {
  en: { why: "You get this because you gave ArbEdge this address.", stop: "Stop these mails" },
  ru: { why: "Вы получили это письмо, потому что указали этот адрес в ArbEdge.", stop: "Больше не присылать" },
}

const textOf = (thrown: unknown, name: "code" | "command"): string => {
  const value = typeof thrown === "object" && thrown !== null && name in thrown
    ? Object.entries(thrown).find(([key]) => key === name)?.[1]
    : ""
  return typeof value === "string" ? value : ""
}

const responseCode = (thrown: unknown): number => {
  const found = typeof thrown === "object" && thrown !== null
    ? Object.entries(thrown).find(([key]) => key === "responseCode")?.[1]
    : 0
  return typeof found === "number" ? found : 0
}

/** What nodemailer threw; a server's own words may quote the address, so only its code is kept. */
export const outcomeOf = (thrown: unknown): Outcome => {
  const status = responseCode(thrown), code = textOf(thrown, "code"), command = textOf(thrown, "command")
  const detail = status > 0 ? `SMTP ${status}` : code === "" ? "the client failed" : code
  if (code === "EENVELOPE" && [550, 551, 553].includes(status)) return { _tag: "ChatGone", detail }
  if (code === "EAUTH" || (status >= 400 && status < 500)) return { _tag: "Unavailable", detail }
  if (status >= 500) return { _tag: "Refused", detail }
  return DELIVERING.has(command) ? { _tag: "Unknown", detail } : { _tag: "Unavailable", detail }
}

export const make = ({ from, unsubscribeUrl, url }: MailOptions): Outlet => {
  const { hostname, protocol } = new URL(Redacted.value(url))
  const transport = createTransport({
    url: Redacted.value(url),
    requireTLS: protocol === "smtp:" && !LOCAL.test(hostname),
    ignoreTLS: protocol === "smtp:" && LOCAL.test(hostname),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const domain = /@([^>\s]+)/.exec(from)?.[1] ?? "arbedge.invalid"
  const mailbox = /<([^>]+)>/.exec(from)?.[1] ?? from

  const unsubscribe = (channelId: string) => {
    const link = Option.getOrNull(unsubscribeUrl(channelId))
    const mail = `<mailto:${mailbox}?subject=unsubscribe%20${channelId}>`
    return link === null
      ? { "List-Unsubscribe": mail }
      : { "List-Unsubscribe": `<${link}>, ${mail}`, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" }
  }

  const mailed = (to: string, message: Parameters<typeof transport.sendMail>[0]): Effect.Effect<Outcome | null> =>
    Effect.tryPromise({ try: () => transport.sendMail({ from, to, ...message }), catch: outcomeOf }).pipe(
      Effect.match({ onFailure: (outcome) => outcome, onSuccess: () => null }),
      Effect.withSpan("Mail.send", { kind: "client" }),
    )

  interface Letter {
    readonly html: string
    readonly id: number
    readonly language: Notification["language"]
  }

  const write = Effect.fnUntraced(function* ({ address, channelId }: Address, { html, id, language }: Letter) {
    const { stop, why } = FOOTER[language]
    const link = Option.getOrNull(unsubscribeUrl(channelId))
    const footer = link === null ? `<p>${why}</p>` : `<p>${why} <a href="${escape(link, 2_000)}">${stop}</a></p>`
    const failed = yield* mailed(address, {
      subject: titleOf(html),
      text: [plainOf(html), "", "--", why, ...(link === null ? [] : [`${stop}: ${link}`])].join("\n"),
      html: pageOf(html, footer),
      messageId: `<n${id}.${channelId}@${domain}>`,
      headers: { "Auto-Submitted": "auto-generated", ...unsubscribe(channelId) },
    })
    return failed ?? { _tag: "Accepted", messageId: id } satisfies Outcome
  })

  return {
    read: (text) => {
      const trimmed = text.trim()
      return trimmed.length <= 254 && ADDRESS.test(trimmed) ? Option.some(trimmed) : Option.none()
    },
    prove: ({ address }, { subject, text }) =>
      Effect.map(
        mailed(address, { subject, text, headers: { "Auto-Submitted": "auto-generated" } }),
        (failed): Proven =>
          failed === null ? { _tag: "Proven", state: "sent" } : {
            _tag: "NotProven",
            detail: "detail" in failed ? failed.detail : failed._tag,
          },
      ),
    send: (to, notification) =>
      write(to, { html: htmlOf(notification), id: notification.way?.id ?? 0, language: notification.language }),
    tell: (to, { html, language, way: { id } }: NoticeMessage) => write(to, { html, id, language }),
    edit: () => Effect.succeed({ _tag: "Refused", detail: "a mail cannot be edited" }),
    secretOf: () => null,
    reach: Effect.tryPromise({ try: () => transport.verify(), catch: outcomeOf }).pipe(
      Effect.match({
        onFailure: (outcome) => "detail" in outcome ? outcome.detail : outcome._tag,
        onSuccess: () => null,
      }),
    ),
  }
}
