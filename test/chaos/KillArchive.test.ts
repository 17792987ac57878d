/**
 * An archive's process that is killed again and again while it writes and merges: each record is there once, no file is half.
 *
 * In: ARBEDGE_ARCHIVE_KILLS, how often (3). Promises: processes, database, streams and folder are the test's own.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Random, Redacted, Stream } from "effect"
import { spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import * as Frame from "../../src/domain/Frame.ts"
import * as Subject from "../../src/domain/Subject.ts"
import * as FolderArchive from "../../src/layers/archive/FolderArchive.ts"
import { Bus } from "../../src/layers/Bus.ts"
import * as NatsBus from "../../src/layers/nats/Bus.ts"
import * as Postgres from "../../src/layers/postgres/Postgres.ts"
import * as Migrations from "../../src/layers/sql/Migrations.ts"
import { verifyArchive } from "../../src/programs/ArchiveVerify.ts"
import { ticks } from "../../src/streams/archive/Ticks.ts"
import { ensureStreams } from "../../src/streams/Topology.ts"
import { ownDatabase } from "../layers/postgres/ownDatabase.ts"
import { linesOf, recordOf } from "../support/archived.ts"
import { describeWith, nats, postgres } from "../support/available.ts"
import { eventually } from "../support/eventually.ts"
import { removeAll } from "../support/jetstream.ts"
import { framesOf, quote, T0 } from "../support/ticks.ts"

const KILLS = Number(process.env["ARBEDGE_ARCHIVE_KILLS"] ?? "3")
const MESSAGES_A_LIFE = 60
const VENUES = ["kraken", "okx", "bybit", "binance"]

const program = fileURLToPath(new URL("../support/archiveProcess.ts", import.meta.url))
const command = "Deno" in globalThis ? ["run", "-A", program] : [program]

const started = (args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, [...command, ...args], { stdio: ["ignore", "pipe", "inherit"] })),
      (running) => Effect.sync(() => void running.kill("SIGKILL")),
    )
    const gone = new Promise<void>((resolve) => child.once("close", () => resolve()))
    yield* Effect.promise(() => new Promise<void>((resolve) => child.stdout.once("data", () => resolve())))
    return Effect.promise(async () => {
      if (child.pid !== undefined) process.kill(child.pid, "SIGKILL")
      await gone
    })
  })

/** Every file under a final name or a part's; what stands in `.incoming` has none. */
const filesIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".json.gz") && !name.startsWith(".")
  ).map((name) => join(folder, name))

/** Files may be merged away while we look. */
const recordsIn = (folder: string): ReadonlyArray<string> | null => {
  try {
    return filesIn(folder).flatMap((path) => linesOf(readFileSync(path)))
  } catch {
    return null
  }
}

/** As who replays the archive sees it: a batch that is being merged counts once. */
const recordsOnce = Effect.gen(function* () {
  const all = yield* Stream.runCollect(ticks({ fromMs: null, toMs: null, venues: [], instruments: [] }))
  return all.flatMap((batch) => batch.ticks.map((tick) => JSON.stringify(tick)))
})

describeWith([nats, postgres], "An archive's process that is killed", () => {
  it.live(`${KILLS} times has written each record once`, () =>
    Effect.gen(function* () {
      const url = yield* ownDatabase, prefix = `archive_${randomBytes(6).toString("hex")}`
      yield* Layer.build(Migrations.layer.pipe(Layer.provide(Postgres.layer({ url, maxConnections: 2 }))))
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "arbedge-kill-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
      )
      const bus = NatsBus.layer({ url: Redacted.make(nats.url), streamPrefix: prefix, subjectPrefix: prefix })
      yield* Effect.addFinalizer(() => Effect.promise(() => removeAll(nats.url, prefix)))
      let at = 0
      const expected: Array<string> = []
      const publish = Effect.gen(function* () {
        const { publish } = yield* Bus
        for (let message = 0; message < MESSAGES_A_LIFE; message++) {
          const some = VENUES.map((venue) => quote(venue, "BTC/USDT", T0 + at++, ["1", "2"], { seq: at }))
          expected.push(...some.map((tick) => JSON.stringify(tick)))
          const frames = framesOf(some)
          yield* publish({ subject: Subject.frame(frames[0]?.p ?? 0), data: Frame.encode(frames) })
        }
      })
      const args = [nats.url, Redacted.value(url), prefix, folder]
      yield* Effect.gen(function* () {
        yield* ensureStreams
        for (let life = 0; life < KILLS; life++) {
          yield* publish
          const before = filesIn(folder).join()
          const kill = yield* started(args)
          // Once it has begun to change something, at any moment.
          yield* eventually(Effect.sync(() => filesIn(folder).join()), (now) => now !== before, "20 seconds")
          yield* Effect.forkChild(publish)
          yield* Effect.sleep(yield* Random.nextIntBetween(0, 150))
          yield* kill
        }
        yield* publish
        yield* started(args)
        yield* eventually(
          Effect.sync(() => new Set((recordsIn(folder) ?? []).map((line) => JSON.stringify(recordOf(line)))).size),
          (count) => count === expected.length,
          "20 seconds",
        )
      }).pipe(Effect.scoped, Effect.provide(bus))
      const { faults } = yield* verifyArchive({
        selection: { fromMs: null, toMs: null, wanted: () => true },
        whole: true,
        onProgress: () => Effect.void,
      }).pipe(Effect.provide(FolderArchive.layer(folder)))
      assert.deepStrictEqual(faults, [])
      const once = yield* Effect.provide(recordsOnce, FolderArchive.layer(folder))
      assert.deepStrictEqual(once.toSorted(), expected.toSorted())
    }), 60_000)
})
