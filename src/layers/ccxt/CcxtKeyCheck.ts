/**
 * The KeyCheck port on real venues, by ccxt's REST calls.
 *
 * In: a venue and a key's parts. Out: what the venue says the key may do. Promises: one call, which only reads and
 * spends the venue's shared budget; the exchange that knows the key lives as long as the call; what comes back is masked
 * before anything sees it: each part of the key in every form in which it is sent, and every address with its query.
 */
import { Effect, Layer, Redacted } from "effect"
import type { KeyFinding, KeyRights } from "../../domain/ApiKey.ts"
import { fromPromise } from "../bridge.ts"
import type { ExchangeError } from "../Exchange.ts"
import { KeyCheck, KeyCheckError } from "../KeyCheck.ts"
import type { KeySecret } from "../Keys.ts"
import type { RestBudgets } from "../RestBudgets.ts"
import { unknownVenue } from "./AnyVenue.ts"
import { loadCcxtClass } from "./CcxtModules.ts"
import type { CcxtExchange } from "./CcxtShape.ts"
import { makeExchange } from "./Connection.ts"
import { READS_AT_LEAST, RIGHTS_SOURCES } from "./KeyRightsOf.ts"
import { makeRestGate } from "./RestGate.ts"
import { type CcxtSettings, defaultSettings } from "./Settings.ts"
import { asRecord } from "./Values.ts"
import type { VenueAdapter } from "./VenueAdapter.ts"

const PATIENCE_MS = 5_000
const DEADLINE = "20 seconds"
const WORDS = 200

/** The parts of ccxt that hold a key. */
interface Keyed {
  requiredCredentials: Record<string, unknown>
  apiKey: string
  secret: string
  password: string
}

const isKeyed = (exchange: CcxtExchange): exchange is CcxtExchange & Keyed => "requiredCredentials" in exchange

/** What ccxt can be given here; whoever wants more is not supported. */
const GIVEN: ReadonlySet<string> = new Set(["apiKey", "secret", "password"])

/** Shorter parts would make words unreadable, and are no secrets. */
const MASKED_FROM = 4

/** A key's parts as texts, and what takes them out of other texts. */
const maskOf = ({ apiKey, passphrase, secret }: KeySecret): (text: string) => string => {
  const parts = [apiKey, secret, ...passphrase === null ? [] : [passphrase]].map(Redacted.value)
  const forms = parts.filter((part) => part.length >= MASKED_FROM).flatMap((part) => [
    part,
    encodeURIComponent(part),
    JSON.stringify(part).slice(1, -1),
    Buffer.from(part).toString("base64"),
    Buffer.from(part).toString("hex"),
  ])
  const longestFirst = [...new Set(forms)].sort((a, b) => b.length - a.length)
  return (text) =>
    longestFirst.reduce((masked, form) => masked.replaceAll(form, "***"), text)
      .replace(/(https?:\/\/[^\s?"]+)\?[^\s"]*/g, "$1")
}

/** By ccxt's classes of errors. `rejected`: it is about the key. */
const KIND: ReadonlyArray<readonly [RegExp, "rejected" | "unanswered"]> = [
  [/^(AuthenticationError|PermissionDenied|AccountNotEnabled|AccountSuspended|RestrictedLocation)$/, "rejected"],
  [
    /^(NetworkError|RequestTimeout|ExchangeNotAvailable|OnMaintenance|DDoSProtection|RateLimitExceeded|InvalidNonce|ExchangeError|BadRequest|BadResponse|NullResponse|NotSupported|OperationFailed|ChecksumError|ArgumentsRequired)$/,
    "unanswered",
  ],
]

/** What ccxt does not throw itself comes from signing with parts that are none of this venue's. */
const findingOf = (venue: string, mask: (text: string) => string) => (error: unknown): KeyFinding => {
  const name = error instanceof Error ? error.name : "Error"
  const kind = KIND.find(([pattern]) => pattern.test(name))?.[1]
  if (kind === undefined) return { _tag: "Rejected", detail: `it is not in the form that ${venue} gives its keys` }
  const words = mask(error instanceof Error ? error.message : "").replace(/\s+/g, " ").slice(0, WORDS)
  return { _tag: kind === "rejected" ? "Rejected" : "Unanswered", detail: `${name}: ${words}` }
}

/** An answer that speaks of no right at all was not about the key. */
const toldBy = (rights: KeyRights): KeyFinding =>
  Object.values(rights).every((right) => right === "unknown")
    ? { _tag: "Unanswered", detail: "its answer does not say what the key may do" }
    : { _tag: "Told", rights }

/** ccxt puts what a venue answered into its errors, and the gate tells others what a refusal said. */
const muffle = (exchange: CcxtExchange, mask: (text: string) => string): void => {
  const handleErrors = exchange.handleErrors.bind(exchange)
  exchange.handleErrors = (status, reason, url, method, headers, body, ...rest) =>
    handleErrors(status, reason, mask(url), method, headers, typeof body === "string" ? mask(body) : body, ...rest)
}

const make = (settings: CcxtSettings) =>
  Effect.gen(function* () {
    const gate = yield* makeRestGate({ patienceMs: PATIENCE_MS, storePauseMs: settings.storePauseMs })

    const unsupported = (venue: string, detail: string) => new KeyCheckError({ reason: "unsupported", venue, detail })
    const strange = (venue: string) => ({ detail }: ExchangeError) => unsupported(venue, detail)

    /** Of the exchange's own list, whoever it belongs to. */
    const wanted = (exchange: Keyed) =>
      Object.entries(exchange.requiredCredentials).flatMap(([name, needed]) => needed === true ? [name] : [])

    const needs = Effect.fn("KeyCheck.needs")(function* (venue: string) {
      const unknown = unknownVenue(venue)
      if (unknown !== null) return yield* new KeyCheckError({ reason: "unknown_venue", venue, detail: unknown })
      const Class = yield* fromPromise(
        () => loadCcxtClass(venue),
        () => unsupported(venue, "ccxt cannot be used for it"),
      )
      const exchange = new Class({ newUpdates: true, enableRateLimit: true, options: {} })
      if (!isKeyed(exchange)) return yield* unsupported(venue, "ccxt takes no key for it")
      const names = wanted(exchange), more = names.filter((name) => !GIVEN.has(name))
      if (more.length > 0) return yield* unsupported(venue, `it wants ${more.join(", ")}`)
      return { passphrase: names.includes("password") }
    })

    const callOf = (exchange: CcxtExchange, method: string): () => Promise<unknown> => {
      const call: unknown = Reflect.get(exchange, method)
      return async () => typeof call === "function" ? await call.call(exchange) : null
    }

    const asked = Effect.fnUntraced(function* (venue: string, secret: KeySecret) {
      const mask = maskOf(secret)
      const adapter: Pick<VenueAdapter, "id" | "marketTypes"> = { id: venue, marketTypes: [] }
      const exchange = yield* Effect.mapError(makeExchange(adapter, settings, gate), strange(venue))
      if (!isKeyed(exchange)) return yield* unsupported(venue, "ccxt takes no key for it")
      muffle(exchange, mask)
      exchange.apiKey = Redacted.value(secret.apiKey)
      exchange.secret = Redacted.value(secret.secret)
      if (secret.passphrase !== null) exchange.password = Redacted.value(secret.passphrase)
      const source = RIGHTS_SOURCES.get(venue)
      return yield* fromPromise(callOf(exchange, source?.method ?? "fetchBalance"), findingOf(venue, mask)).pipe(
        Effect.map((answer) => toldBy(source === undefined ? READS_AT_LEAST : source.read(asRecord(answer)))),
        Effect.timeoutOrElse({
          duration: DEADLINE,
          orElse: () => Effect.succeed<KeyFinding>({ _tag: "Unanswered", detail: "no answer in time" }),
        }),
        // A finding either way: what the venue said is no failure of the check.
        Effect.catch((finding) => Effect.succeed(finding)),
      )
    }, Effect.scoped)

    const check = Effect.fn("KeyCheck.check")(function* (venue: string, secret: KeySecret) {
      const { passphrase } = yield* needs(venue)
      if (passphrase && secret.passphrase === null) {
        return { _tag: "Rejected", detail: `${venue} wants the passphrase too` } satisfies KeyFinding
      }
      return yield* asked(venue, secret)
    })

    return KeyCheck.of({ needs, check })
  })

/** Of every venue of ccxt. */
export const layer = (settings: Partial<CcxtSettings> = {}): Layer.Layer<KeyCheck, never, RestBudgets> =>
  Layer.effect(KeyCheck, make({ ...defaultSettings, ...settings }))
