/** Blackout windows from a file and from a URL: read, refreshed, and kept when the list breaks. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { TestClock } from "effect/testing"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { layer, read } from "../../../src/layers/blackouts/BlackoutFeed.ts"
import { Blackouts, isUnknown, type KnownBlackouts } from "../../../src/layers/Blackouts.ts"
import { eventually } from "../../suites/StoreWorld.ts"
import { jsonServer } from "../../support/jsonServer.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "arbedge-blackouts-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
)
const windows = (...assets: ReadonlyArray<string>) => ({
  v: 1,
  windows: assets.map((asset) => ({ asset, from: 1, to: 2, reason: "news" })),
})
const known = Effect.flatMap(Blackouts, (blackouts) => blackouts.known)
const assets = (now: KnownBlackouts) => now.windows.map(({ asset }) => asset)
/** The file is read by the runtime, in its own time. */
const untilKnown = (holds: (now: KnownBlackouts) => boolean) => eventually(Effect.map(known, holds))

describe("Blackout windows", () => {
  it.effect("are none, without trouble, where none are configured", () =>
    Effect.gen(function* () {
      const now = yield* known
      assert.deepStrictEqual(now.windows, [])
      assert.isNull(now.trouble)
      assert.isFalse(isUnknown(now))
    }).pipe(Effect.provide(layer(Option.none()))))

  it.effect("are read from a file and again a minute later; a list that breaks keeps the one before it", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "blackouts.json")
      const write = (content: unknown) => Effect.sync(() => writeFileSync(path, JSON.stringify(content)))
      yield* write(windows("BTC"))
      yield* Effect.gen(function* () {
        assert.deepStrictEqual(assets(yield* known), ["BTC"])
        yield* write(windows("ETH", "*"))
        yield* TestClock.adjust("1 minute")
        yield* untilKnown((now) => now.windows.length === 2)
        yield* write({ v: 1, windows: [{ asset: "BTC", from: 5, to: 2, reason: "news" }] })
        yield* TestClock.adjust("1 minute")
        yield* untilKnown((now) => now.trouble !== null)
        const broken = yield* known
        assert.deepStrictEqual(assets(broken), ["ETH", "*"])
        assert.strictEqual(broken.trouble?.reason, "malformed")
        assert.include(broken.trouble?.message, "ends after it begins")
        assert.include(broken.trouble?.message, "0")
        assert.isFalse(isUnknown(broken))
        yield* write(windows("SOL"))
        yield* TestClock.adjust("1 minute")
        yield* untilKnown((now) => now.trouble === null && assets(now)[0] === "SOL")
      }).pipe(Effect.provide(layer(Option.some(path))))
    }))

  it.effect("are unknown while no list could ever be read, and say what to look at", () =>
    Effect.gen(function* () {
      const now = yield* known
      assert.isTrue(isUnknown(now))
      assert.include(now.trouble?.message, "/nowhere/blackouts.json: unreadable (ENOENT); see ARBEDGE_BLACKOUTS")
    }).pipe(Effect.provide(layer(Option.some("/nowhere/blackouts.json")))))

  it.effect("are read from a URL; what goes wrong tells neither credentials nor query", () =>
    Effect.gen(function* () {
      let answer: Parameters<typeof jsonServer>[0] = () => ({ body: windows("BTC") })
      const server = yield* jsonServer((path) => answer(path))
      assert.deepStrictEqual((yield* read(`${server.origin}/list.json?token=secret`)).map(({ asset }) => asset), [
        "BTC",
      ])
      const wrong: ReadonlyArray<readonly [Parameters<typeof jsonServer>[0], string, string]> = [
        [() => ({ status: 503, body: "" }), "unreadable", "HTTP 503"],
        [() => null, "unreadable", ""],
        [() => ({ body: "<html>" }), "malformed", ""],
        [() => ({ body: " ".repeat(2 * 1024 * 1024) }), "too_large", "1 MiB"],
      ]
      for (const [says, reason, detail] of wrong) {
        answer = says
        const error = yield* Effect.flip(read(`${server.origin}/list.json?token=secret`))
        assert.strictEqual(error.reason, reason)
        assert.include(error.detail, detail)
        assert.notInclude(error.message, "secret")
      }
      const refused = yield* Effect.flip(read("http://user:secret@127.0.0.1:1/list.json"))
      assert.notInclude(refused.message, "secret")
    }))
})
