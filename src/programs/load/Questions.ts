/**
 * Questions of a load run that wait for the bot's answer, and the cards whose buttons can be tapped.
 *
 * In: what was asked, what the bot said, calls to the messenger. Out: each question told of its answer; the newest card of
 * a chat. Promises: plain bookkeeping, no clock; the bot reacts in order within a chat and says one thing to each
 * command, so the first answer is that of the first question; a tap has its own number. One question that is dropped
 * makes those behind it in its chat look slower, never faster, and one is lost at the end.
 */
import { Option } from "effect"
import { decode as decodeButton } from "../../domain/card/CallbackData.ts"

/** Told when the answer came, ms. */
export type OnAnswer = (atMs: number) => void

export class Questions {
  readonly #ofChat = new Map<string, Array<OnAnswer>>()
  readonly #ofTap = new Map<string, OnAnswer>()

  asked(chatId: string, onAnswer: OnAnswer): void {
    const waiting = this.#ofChat.get(chatId)
    if (waiting === undefined) this.#ofChat.set(chatId, [onAnswer])
    else waiting.push(onAnswer)
  }

  tapped(queryId: string, onAnswer: OnAnswer): void {
    this.#ofTap.set(queryId, onAnswer)
  }

  said(chatId: string, atMs: number): void {
    this.#ofChat.get(chatId)?.shift()?.(atMs)
  }

  answered(queryId: string, atMs: number): void {
    this.#ofTap.get(queryId)?.(atMs)
    this.#ofTap.delete(queryId)
  }
}

export interface Card {
  readonly messageId: number
  /** What its button for details carries. */
  readonly details: string
}

/** Of a call to the messenger that was accepted. */
export interface Shown {
  readonly method: string
  readonly chatId: number | null
  readonly messageId: number | null
  readonly replyMarkup: unknown
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

const detailsIn = (replyMarkup: unknown): string | undefined => {
  const rows = isRecord(replyMarkup) ? replyMarkup["inline_keyboard"] : []
  const buttons: ReadonlyArray<unknown> = Array.isArray(rows) ? rows.flat() : []
  return buttons.map((button) => isRecord(button) ? button["callback_data"] : undefined)
    .filter((data) => typeof data === "string")
    .find((data) => Option.exists(decodeButton(data), ({ action }) => action === "details"))
}

export class Cards {
  readonly #newest = new Map<number, Card>()

  shown({ chatId, messageId, method, replyMarkup }: Shown): void {
    if (chatId === null || messageId === null) return
    const known = this.#newest.get(chatId)
    if (method !== "sendMessage" && known?.messageId !== messageId) return
    const details = detailsIn(replyMarkup)
    if (details !== undefined) this.#newest.set(chatId, { messageId, details })
    else if (known?.messageId === messageId) this.#newest.delete(chatId)
  }

  newest(chatId: number): Card | undefined {
    return this.#newest.get(chatId)
  }
}
