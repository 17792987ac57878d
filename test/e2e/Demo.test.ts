/** The demo as a newcomer runs it: a process of its own that shows what people are sent, sums up, and ends by itself. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { arbedgeDone } from "../support/arbedge.ts"

const Percentiles = Schema.Struct({ p50: Schema.NullOr(Schema.Finite), p99: Schema.NullOr(Schema.Finite) })
const Event = Schema.fromJsonString(Schema.Union([
  Schema.Struct({ event: Schema.Literals(["sent", "edited"]), to: Schema.String, text: Schema.String }),
  Schema.Struct({
    event: Schema.Literal("summary"),
    ticks: Schema.Int,
    checks: Schema.Int,
    opportunities: Schema.Int,
    rejected: Schema.Record(Schema.String, Schema.Int),
    sent: Schema.Int,
    edited: Schema.Int,
    tickToAcceptedMs: Percentiles,
    limiterWaitMs: Percentiles,
    scheduledWaitMs: Percentiles,
  }),
]))

describe("The demo", () => {
  it.live("ends by itself with 0, having shown messages and a summary that fits them", () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* arbedgeDone(["demo", "--seconds", "6", "--json"])
      assert.strictEqual(code, 0, stderr)
      assert.strictEqual(stderr, "")
      const events = stdout.trimEnd().split("\n").map((line) => Schema.decodeUnknownSync(Event)(line))
      const summary = events.at(-1)
      assert.isTrue(summary?.event === "summary")
      if (summary?.event !== "summary") return
      assert.isAbove(summary.ticks, 6 * 1_000)
      assert.isAbove(summary.checks, summary.ticks)
      assert.isAtLeast(summary.opportunities, 1)
      const cards = events.flatMap((event) => event.event === "sent" && event.text.includes("🔼") ? [event] : [])
      assert.isAtLeast(cards.length, 1)
      assert.isAtMost(cards.length, summary.sent)
      for (const { text } of cards) assert.match(text, /Simulated data|Данные смоделированы/)
      const { p50, p99 } = summary.tickToAcceptedMs
      assert.isNotNull(p50)
      assert.isAtLeast(p99 ?? 0, p50 ?? Infinity)
    }), 120_000)
})
