/**
 * Archived ticks, in the order in which the stream had them.
 *
 * In: a span of time and which markets. Out: ticks batch by batch, with what could not be read beside them. Promises: the
 * ticks that were ingested, each once; a span that begins in the midst of a book begins with the book as it was told
 * again next; a member that is broken is told and passed over, whole.
 */
import { Effect, Result, Stream } from "effect"
import * as Layout from "../../domain/ArchiveLayout.ts"
import type { BadTickReason, Tick } from "../../domain/Tick.ts"
import * as TickCodec from "../../domain/TickCodec.ts"
import { Originals } from "../Originals.ts"
import * as Reader from "./Reader.ts"

export interface TickQuery {
  /** `[fromMs, toMs)` of ingest time; null: no bound. */
  readonly fromMs: number | null
  readonly toMs: number | null
  /** Empty: all. */
  readonly venues: ReadonlyArray<string>
  readonly instruments: ReadonlyArray<string>
}

export interface TickBatch {
  readonly ticks: ReadonlyArray<Tick>
  readonly bad: ReadonlyArray<BadTickReason>
  /** How many of the ticks are invented. */
  readonly simulated: number
  /** Members that are broken, in words. */
  readonly broken: ReadonlyArray<string>
  readonly share: number
}

const LINE = /^\{"event_id":"[a-z0-9]+-(\d+)-(\d+)","source":"(live|recorded|simulated)"(?:,"mark":"(refresh)")?,/
const FILES_AT_A_TIME = 4

interface PlacedTick {
  readonly sequence: number
  readonly index: number
  readonly source: string
  readonly mark: "" | "refresh"
  readonly tick: Tick
}

const wantedBy = ({ fromMs, instruments, toMs, venues }: TickQuery) => (tick: Tick): boolean =>
  (fromMs === null || tick.ingestTime >= fromMs) && (toMs === null || tick.ingestTime < toMs) &&
  (venues.length === 0 || venues.includes(tick.venue)) &&
  (instruments.length === 0 || instruments.includes(tick.instrument))

/** Which files can hold any of it: by name where markets are named, else all. */
const filesOf = ({ fromMs, instruments, toMs, venues }: TickQuery): Reader.Selection => {
  const names = new Set(venues.flatMap((venue) => instruments.map((name) => Layout.marketName(venue, name))))
  return {
    fromMs,
    toMs,
    wanted: ({ market }) =>
      market !== null &&
      (names.size > 0
        ? names.has(market)
        : venues.length === 0 || venues.some((venue) => market.startsWith(`${venue}-`))),
  }
}

/** Puts a member's lines with their places into `placed`; out: why lines were refused. */
const place = (lines: string, isWanted: (tick: Tick) => boolean, placed: Array<PlacedTick>): Array<BadTickReason> => {
  const bad: Array<BadTickReason> = []
  for (let start = 0, end = lines.indexOf("\n"); end !== -1; start = end + 1, end = lines.indexOf("\n", start)) {
    const line = lines.slice(start, end)
    const [, sequence, index, source, mark] = LINE.exec(line) ?? []
    const tick = TickCodec.fromLine(line)
    if (TickCodec.isBad(tick)) bad.push(tick.reason)
    else if (source === undefined) bad.push("missing_field")
    else if (isWanted(tick)) {
      const marked = mark === undefined ? "" : "refresh"
      placed.push({ sequence: Number(sequence), index: Number(index), source, mark: marked, tick })
    }
  }
  return bad
}

export const ticks = (query: TickQuery) =>
  Stream.unwrap(Effect.gen(function* () {
    const { broken, members } = yield* Reader.select(filesOf(query))
    const batches = Reader.batchesOf(members)
    const originals = new Originals(), isWanted = wantedBy(query)

    const read = Effect.fnUntraced(function* (batch: Reader.StoredBatch, at: number) {
      const placed: Array<PlacedTick> = [], bad: Array<BadTickReason> = [], faults: Array<string> = []
      yield* Effect.forEach(batch.members, (member) =>
        Effect.map(Reader.linesOf(member), (lines) => {
          if (Result.isFailure(lines)) faults.push(`${member.file.key}, byte ${member.offset}: ${lines.failure}`)
          else bad.push(...place(lines.success, isWanted, placed))
        }), { concurrency: FILES_AT_A_TIME, discard: true })
      placed.sort((a, b) => a.sequence - b.sequence || a.index - b.index)
      const own = placed.filter((one) => originals.has(one))
      const out: TickBatch = {
        ticks: own.map(({ tick }) => tick),
        bad,
        simulated: own.filter(({ source }) => source === "simulated").length,
        broken: faults,
        share: (at + 1) / batches.length,
      }
      return out
    })

    const unreadable = broken.map(({ fault, file, offset }) => `${file.key}, byte ${offset}: ${fault}`)
    const first: TickBatch = { ticks: [], bad: [], simulated: 0, broken: unreadable, share: 0 }
    return Stream.concat(
      Stream.fromIterable(unreadable.length === 0 ? [] : [first]),
      Stream.fromIterable(batches.entries()).pipe(Stream.mapEffect(([at, batch]) => read(batch, at))),
    )
  }))
