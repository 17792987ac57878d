/**
 * What of the archive a command is about: the flags that `arbedge archive ls`, `verify` and `replay` share.
 *
 * In: arguments, settings. Out: what is wanted, and the archive that is set. Promises: what cannot be meant is refused, with
 * what to give instead.
 */
import { Effect, type Layer, Option, Result } from "effect"
import { Flag } from "effect/cli"
import { ANALYTICS_FAMILIES, AUDIT_FAMILIES } from "../../domain/ArchiveLayout.ts"
import * as Instrument from "../../domain/Instrument.ts"
import type { Settings } from "../../domain/Settings.ts"
import type { ArchiveStore, ArchiveStoreError } from "../../layers/ArchiveStore.ts"
import { archiveOf } from "../../programs/ArchiveBackend.ts"
import { momentOf, type Wanted } from "../../programs/ArchiveSelection.ts"
import { failed, type Failure, usage } from "./Failure.ts"

const list = (name: string, what: string) =>
  Flag.String(name).pipe(
    Flag.withDescription(`${what}, separated by commas; all by default`),
    Flag.withDefault(""),
    Flag.map((text) => text.split(",").map((part) => part.trim()).filter((part) => part !== "")),
  )
const moment = (name: string, what: string) =>
  Flag.String(name).pipe(Flag.withDescription(`${what}: 2026-11-21, 2026-11-21T18, 2026-11-21T18:30Z`), Flag.optional)

export const span = {
  since: moment("since", "Nothing before that time (UTC)"),
  until: moment("until", "Nothing from that time on (UTC)"),
}
export const markets = {
  venues: list("venues", "Which venues"),
  instruments: list("instruments", "Which instruments, as BTC/USDT or BTC/USDT:USDT"),
}
export const kinds = list("kinds", `market-data, ${[...ANALYTICS_FAMILIES, ...AUDIT_FAMILIES].join(", ")}: which`)

const KINDS: ReadonlyArray<string> = ["market-data", ...ANALYTICS_FAMILIES, ...AUDIT_FAMILIES]

const at = (name: string, text: Option.Option<string>) =>
  Option.match(text, {
    onNone: () => Effect.succeed(null),
    onSome: (given) =>
      Option.match(momentOf(given), {
        onNone: () =>
          Effect.fail(
            usage(`"${given}" is no time for --${name}`, "give 2026-11-21, 2026-11-21T18 or 2026-11-21T18:30Z"),
          ),
        onSome: Effect.succeed,
      }),
  })

export const wantedOf = Effect.fnUntraced(function* (options: {
  readonly since: Option.Option<string>
  readonly until: Option.Option<string>
  readonly venues: ReadonlyArray<string>
  readonly instruments: ReadonlyArray<string>
  readonly kinds?: ReadonlyArray<string>
}): Effect.fn.Return<Wanted, Failure> {
  const { instruments, kinds: families = [], venues } = options
  const fromMs = yield* at("since", options.since), toMs = yield* at("until", options.until)
  const unknown = instruments.find((name) => Option.isNone(Instrument.parse(name)))
  if (unknown !== undefined) return yield* usage(`"${unknown}" is no instrument`, "give BTC/USDT or BTC/USDT:USDT")
  const wrong = families.find((family) => !KINDS.includes(family))
  if (wrong !== undefined) return yield* usage(`"${wrong}" is not archived`, `give ${KINDS.join(", ")}`)
  if (fromMs !== null && toMs !== null && toMs <= fromMs) {
    return yield* usage("--until is not after --since", "give a span that is not empty")
  }
  return { fromMs, toMs, venues, instruments, families }
})

export const storeFailure = (error: ArchiveStoreError): Failure => failed(error.message, error.advice)

/** The archive of the settings; without one a failure that says how to set it. */
export const archiveIn = (settings: Settings): Effect.Effect<Layer.Layer<ArchiveStore>, Failure> =>
  Option.match(archiveOf(settings), {
    onNone: () => Effect.fail(usage("no archive is set", "set ARBEDGE_ARCHIVE to its folder, or to s3://bucket")),
    onSome: Result.match({
      onFailure: (error) => Effect.fail(usage(error.message, "see docs/guides/settings.md")),
      onSuccess: (layer) => Effect.succeed(layer),
    }),
  })
