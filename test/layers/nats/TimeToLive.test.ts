/** A time to live of single messages: sent where the server knows it and the stream allows it, nowhere else. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Schema } from "effect"
import { Bus, type StreamSpec } from "../../../src/layers/Bus.ts"
import * as NatsBus from "../../../src/layers/nats/Bus.ts"
import { scriptedNats } from "../../support/scriptedNats.ts"

const spec = (changes: Partial<StreamSpec>): StreamSpec => ({
  name: "OPP",
  subjects: ["opp.v1.>"],
  maxBytes: 1_000_000,
  maxAge: Duration.hours(1),
  dedupWindow: Duration.minutes(2),
  ...changes,
})
const message = {
  subject: "opp.v1.a.b.expired",
  data: new TextEncoder().encode("{}"),
  messageId: "x:expired",
  timeToLive: Duration.millis(1_500),
}
const decodeConfig = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Struct({ allow_msg_ttl: Schema.optionalKey(Schema.Boolean) })),
)

/** What a server of that version is asked to make and to store. */
const toldTo = (version: string, changes: Partial<StreamSpec>) =>
  Effect.gen(function* () {
    const server = yield* scriptedNats(version)
    yield* Effect.gen(function* () {
      const bus = yield* Bus
      yield* bus.ensureStream(spec(changes))
      yield* bus.publish(message)
    }).pipe(Effect.provide(NatsBus.layer({ url: server.url })))
    const made = server.published.find(({ subject }) => subject.startsWith("$JS.API.STREAM.CREATE"))
    const stored = server.published.find(({ subject }) => subject === message.subject)
    return { allows: decodeConfig(made?.data ?? "{}").allow_msg_ttl ?? false, headers: stored?.headers ?? "" }
  })

describe("A message's own time to live", () => {
  it.live("is sent in whole seconds to a server of 2.11 or newer, for a stream that is declared so", () =>
    Effect.gen(function* () {
      for (const version of ["2.11.0", "2.12.3", "3.0.0"]) {
        const { allows, headers } = yield* toldTo(version, { timeToLivePerMessage: true })
        assert.isTrue(allows, version)
        assert.match(headers, /Nats-TTL: ?2s\r\n/, version)
        assert.match(headers, /Nats-Msg-Id: ?x:expired\r\n/)
      }
    }))

  it.live("is kept from an older server, which would store or refuse what it does not know", () =>
    Effect.gen(function* () {
      for (const version of ["2.9.10", "2.10.29"]) {
        const { allows, headers } = yield* toldTo(version, { timeToLivePerMessage: true })
        assert.isFalse(allows, version)
        assert.notInclude(headers, "Nats-TTL", version)
      }
    }))

  it.live("is kept from a stream that is not declared so, which would refuse the message", () =>
    Effect.gen(function* () {
      const { allows, headers } = yield* toldTo("2.12.3", {})
      assert.isFalse(allows)
      assert.notInclude(headers, "Nats-TTL")
    }))
})
