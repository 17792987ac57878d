/**
 * What a recording is told on the command line: from where, in which form, into what, for how long.
 *
 * In: flags as texts. Out: options, a rotation. Promises: what is wrong is refused with the flag's name; without a word
 * it is what comes from the bus from now on, as ticks, in one file.
 */
import { Option, Result } from "effect"
import { Flag } from "effect/cli"
import * as TimeSpan from "../../domain/TimeSpan.ts"
import type { Rotation } from "../../layers/Recording.ts"

const list = (name: string, what: string) =>
  Flag.String(name).pipe(
    Flag.withDescription(`With --from venues: ${what}, separated by commas`),
    Flag.map((text) => text.split(",").map((part) => part.trim()).filter((part) => part !== "")),
    Flag.optional,
  )

export const flags = {
  out: Flag.String("out").pipe(Flag.withDescription("The file to write; gzipped if its name ends with .gz")),
  from: Flag.Literals("from", ["bus", "venues"]).pipe(
    Flag.withDescription("`bus`: what the service ingests; `venues`: ask them directly, without a service"),
    Flag.withDefault("bus" as const),
  ),
  raw: Flag.Boolean("raw").pipe(
    Flag.withDescription("With --from venues: the frames as their sockets gave them, instead of ticks"),
    Flag.withDefault(false),
  ),
  stored: Flag.Boolean("stored").pipe(
    Flag.withDescription("With --from bus: everything that is stored now, instead of what comes from now on"),
    Flag.withDefault(false),
  ),
  seconds: Flag.Finite("seconds").pipe(
    Flag.withDescription("How long; without it until Ctrl-C"),
    Flag.filter((value) => value > 0, (value) => `${value} is not above 0`),
    Flag.optional,
  ),
  rotate: Flag.String("rotate").pipe(
    Flag.withDescription("Parts instead of one file, by size and time: 100MB, 10m, or both with a comma between"),
    Flag.optional,
  ),
  overwrite: Flag.Boolean("overwrite").pipe(
    Flag.withDescription("Replace the file if it exists"),
    Flag.withDefault(false),
  ),
  venues: list("venues", "which, instead of ARBEDGE_VENUES"),
  instruments: list("instruments", "which, instead of ARBEDGE_INSTRUMENTS"),
  kinds: list("kinds", "quote, book, trade or funding, instead of ARBEDGE_FEED_KINDS"),
}

const BYTES: Readonly<Record<string, number>> = { KB: 1e3, MB: 1e6, GB: 1e9 }

/** "100MB", "10m", "100MB,10m". */
export const rotationOf = (text: string): Result.Result<Rotation, string> => {
  let bytes = Infinity, everyMs = Infinity
  for (const part of text.split(",")) {
    const [, amount = "", unit = ""] = /^(\d+(?:\.\d+)?)(KB|MB|GB)$/.exec(part.trim()) ?? []
    const size = BYTES[unit], time = Option.getOrElse(TimeSpan.parse(part.trim()), () => 0)
    if (Number(amount) > 0 && size !== undefined) bytes = Number(amount) * size
    else if (time > 0) everyMs = time
    else return Result.fail(`"${part}" is neither a size (100MB) nor a time (10m)`)
  }
  return Result.succeed({ bytes, everyMs })
}
