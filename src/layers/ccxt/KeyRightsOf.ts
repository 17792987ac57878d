/**
 * Where a venue tells what a key may do, and how its answer is read.
 *
 * In: a venue's answer, of which nothing is believed. Out: rights. Promises: never throws; a right that the answer does
 * not speak of is `unknown`; what speaks of withdrawals in any form counts as the right to withdraw. Venues without an
 * entry are asked for a balance, which tells that a key reads and nothing else.
 */
import type { KeyRights, Right } from "../../domain/ApiKey.ts"
import { asList, asRecord, asText, type Json } from "./Values.ts"

export interface RightsSource {
  /** ccxt's name of the call. */
  readonly method: string
  readonly read: (answer: Json) => KeyRights
}

const flag = (value: unknown): Right => value === true ? "yes" : value === false ? "no" : "unknown"

const anyOf = (...rights: ReadonlyArray<Right>): Right =>
  rights.includes("yes") ? "yes" : rights.includes("unknown") ? "unknown" : "no"

const unless = (known: boolean, has: boolean): Right => !known ? "unknown" : has ? "yes" : "no"

/** Words such as "query-funds", in a list or between commas. */
const wordsOf = (value: unknown): ReadonlyArray<string> | null => {
  const words = typeof value === "string" ? value.split(",") : Array.isArray(value) ? value : null
  return words === null ? null : words.map((word) => asText(word).trim().toLowerCase()).filter((word) => word !== "")
}

const byWords = (
  value: unknown,
  is: { readonly read: RegExp; readonly trade: RegExp; readonly withdraw: RegExp },
  ipBound: Right,
): KeyRights => {
  const words = wordsOf(value)
  const told = (pattern: RegExp) => unless(words !== null, words?.some((word) => pattern.test(word)) ?? false)
  return { read: told(is.read), trade: told(is.trade), withdraw: told(is.withdraw), ipBound }
}

const binance = (answer: Json): KeyRights => ({
  read: flag(answer["enableReading"]),
  trade: anyOf(flag(answer["enableSpotAndMarginTrading"]), flag(answer["enableFutures"])),
  withdraw: anyOf(flag(answer["enableWithdrawals"])),
  ipBound: flag(answer["ipRestrict"]),
})

const bybit = (answer: Json): KeyRights => {
  const result = asRecord(answer["result"])
  const groups = Object.values(asRecord(result["permissions"]))
  const words = groups.flatMap((group) => asList(group)).map((word) => asText(word).toLowerCase())
  const isTold = groups.length > 0, readOnly = Number(result["readOnly"])
  const ips = wordsOf(result["ips"])
  return {
    read: unless(isTold, true),
    trade: readOnly === 1
      ? "no"
      : unless(isTold && readOnly === 0, words.some((word) => /trade|order|position/.test(word))),
    withdraw: unless(isTold, words.some((word) => word.includes("withdraw"))),
    ipBound: unless(ips !== null, ips !== null && ips.length > 0 && !ips.includes("*")),
  }
}

const okx = (answer: Json): KeyRights => {
  const account = asRecord(asList(answer["data"])[0])
  const perm = account["perm"], ip = account["ip"]
  const rights = byWords(perm, { read: /read/, trade: /^trade$/, withdraw: /withdraw/ }, "unknown")
  return { ...rights, ipBound: unless(typeof ip === "string", ip !== "") }
}

const kraken = (answer: Json): KeyRights => {
  const result = asRecord(answer["result"]), allowed = wordsOf(result["ipAllowlist"])
  return byWords(
    result["permissions"],
    { read: /^query-/, trade: /^modify-trades$/, withdraw: /withdraw/ },
    unless(allowed !== null, allowed !== null && allowed.length > 0),
  )
}

/** Coinbase calls sending money away a transfer. */
const coinbase = (answer: Json): KeyRights => ({
  read: flag(answer["can_view"]),
  trade: flag(answer["can_trade"]),
  withdraw: flag(answer["can_transfer"]),
  ipBound: "unknown",
})

const kucoin = (answer: Json): KeyRights => {
  const key = asRecord(answer["data"]), ips = key["ipWhitelist"]
  return byWords(
    key["permission"],
    { read: /^general$/, trade: /^(spot|margin|futures|unified)$/, withdraw: /withdraw|transfer/ },
    unless(typeof ips === "string", ips !== ""),
  )
}

const BINANCE: RightsSource = { method: "sapiGetAccountApiRestrictions", read: binance }

/** By ccxt's id. */
export const RIGHTS_SOURCES: ReadonlyMap<string, RightsSource> = new Map([
  ["binance", BINANCE],
  ["binanceusdm", BINANCE],
  ["binancecoinm", BINANCE],
  ["bybit", { method: "privateGetV5UserQueryApi", read: bybit }],
  ["okx", { method: "privateGetAccountConfig", read: okx }],
  ["kraken", { method: "privatePostGetApiKeyInfo", read: kraken }],
  ["coinbase", { method: "v3PrivateGetBrokerageKeyPermissions", read: coinbase }],
  ["kucoin", { method: "privateGetUserApiKey", read: kucoin }],
])

/** What a balance that was told says of the key. */
export const READS_AT_LEAST: KeyRights = { read: "yes", trade: "unknown", withdraw: "unknown", ipBound: "unknown" }
