/**
 * Each venue's recorded frames through the real ccxt code, compared with a golden file a venue.
 * In: ARBEDGE_DATA, test/fixtures/golden/<venue>.json. Out: verdicts; with ARBEDGE_UPDATE_GOLDEN=1 new golden files.
 * A golden row is the place a frame was recorded at and the events it became; receive times are left out.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import process from "node:process"
import { fileURLToPath } from "node:url"
import type { FeedEvent } from "../../../src/domain/Feed.ts"
import { Tick } from "../../../src/domain/Tick.ts"
import { data, describeWith } from "../../support/available.ts"
import { cases, type VenueCase } from "../../support/venues/cases.ts"
import { type FakeVenue, fakeVenue } from "../../support/venues/FakeVenue.ts"
import { type FeedProbe, probe } from "../../support/venues/FeedProbe.ts"
import type { Frame } from "../../support/venues/VenueScript.ts"

const FRAMES_A_CHANNEL = 15
const DEPTH = 5

/** The first frames of each channel subscribed, in the order of the recording. */
const chosen = (venue: FakeVenue, channels: ReadonlyArray<string>): ReadonlyArray<Frame> => {
  const taken = new Map<string, number>()
  return venue.script.frames.filter(({ channel }) => {
    const n = taken.get(channel) ?? 0
    taken.set(channel, n + 1)
    return channels.includes(channel) && n < FRAMES_A_CHANNEL
  })
}

const withoutReceiveTime = (event: FeedEvent): unknown => {
  if (event._tag === "Ticks") return event.ticks.map(({ ingestTime: _, ...tick }) => tick)
  const { ingestTime: _, ...rest } = event
  return rest
}

/** What a feed said of one frame: everything before the mark that follows the frame on its socket. */
const playOne = (venue: FakeVenue, feed: FeedProbe, frame: Frame, n: number) =>
  Effect.gen(function* () {
    const before = feed.events.length, mark = `mark ${n}`
    yield* Effect.promise(() =>
      venue.play([{ kind: "send", frame }, { kind: "say", channel: frame.channel, text: mark }])
    )
    const isMark = (event: FeedEvent) => event._tag === "Bad" && event.raw === mark
    yield* feed.until(mark, ({ events }) => events.some(isMark))
    return feed.events.slice(before).filter((event) => !isMark(event) && event._tag !== "ClockOffset")
  })

const play = (one: VenueCase) =>
  Effect.gen(function* () {
    const venue = yield* fakeVenue(one.script(data.path))
    // No pulse and no repeated books: only frames speak.
    const quiet = { heartbeatMs: 60_000, silenceMs: 120_000 }
    const feed = yield* probe(venue, { instruments: one.instruments, kinds: one.kinds, depth: DEPTH }, quiet)
    yield* Effect.promise(() => venue.subscribed(one.channels))
    const rows: Array<{ readonly source: string; readonly events: ReadonlyArray<unknown> }> = []
    if (venue.script.books.source === "^$") {
      yield* feed.until("the REST snapshot", ({ ticksOf }) => ticksOf("book").length === 1)
      const [request] = venue.restRequests.filter((path) => path.includes("/depth?"))
      rows.push({ source: `GET ${request}`, events: [feed.ticks().map(({ ingestTime: _, ...tick }) => tick)] })
    }
    for (const [n, frame] of chosen(venue, one.channels).entries()) {
      const events = yield* playOne(venue, feed, frame, n)
      rows.push({ source: frame.source, events: events.map(withoutReceiveTime) })
    }
    return { rows, feed }
  })

const asText = (rows: ReadonlyArray<unknown>): string => `[\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n]\n`

describeWith(data, "the live feeds on recorded frames", () => {
  for (const one of cases) {
    it.live(`${one.id}: every frame becomes the ticks of its golden row`, () =>
      Effect.gen(function* () {
        const { rows, feed } = yield* play(one)
        const path = fileURLToPath(new URL(`../../fixtures/golden/${one.id}.json`, import.meta.url))
        const text = asText(rows)
        if (process.env["ARBEDGE_UPDATE_GOLDEN"] === "1" || !existsSync(path)) writeFileSync(path, text)
        assert.deepStrictEqual(JSON.parse(text), JSON.parse(readFileSync(path, "utf8")))
        const decode = Schema.decodeUnknownEffect(Tick)
        for (const tick of feed.ticks()) yield* decode(tick)
      }))
  }
})
