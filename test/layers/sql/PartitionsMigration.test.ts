/** The checkpoint of versions that analysed everything in one place is divided, and each partition goes on from it. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Frame from "../../../src/domain/Frame.ts"
import * as Subject from "../../../src/domain/Subject.ts"
import type { StoredMessage } from "../../../src/layers/Bus.ts"
import { Checkpoints } from "../../../src/layers/Checkpoints.ts"
import { partitions } from "../../../src/layers/sql/migrations/0031_partitions.ts"
import { Store } from "../../../src/layers/Store.ts"
import { Analysis } from "../../../src/streams/Analysis.ts"
import { rulesOf } from "../../../src/streams/Judge.ts"
import { Lane, partitionName } from "../../../src/streams/Lane.ts"
import { fresh, world } from "../../support/actors.ts"
import { config, frames, named, unbroken } from "../../support/manyBases.ts"

const messages: ReadonlyArray<StoredMessage> = Frame.pack(frames(), 4_096).map(({ data, partition }, at) => ({
  subject: Subject.frame(partition),
  data,
  headers: {},
  sequence: at + 1,
  storedAtMs: at,
}))
const framesIn = ({ data }: StoredMessage): ReadonlyArray<Frame.Frame> => {
  const read = Frame.decode(data)
  return "_tag" in read ? [] : read
}

layer(world, { timeout: "60 seconds" })("The one checkpoint of former versions", (it) => {
  it.effect("is divided among its partitions, which tell the rest of what it would have told", () =>
    Effect.gen(function* () {
      yield* fresh
      const { sql } = yield* Store, checkpoints = yield* Checkpoints
      const half = Math.floor(messages.length / 2)
      const former = new Analysis(config)
      const before = messages.slice(0, half).flatMap((message) => former.frames(framesIn(message), message.sequence))
      const snapshot = { ...former.snapshot(), merge: [] }
      yield* Effect.orDie(sql`insert into pipeline_checkpoints (name, epoch, position, snapshot, updated_at)
        values ('analyse', 7, ${BigInt(half)}, ${sql.json(snapshot)}, now())`)
      for (const statement of partitions.slice(1)) yield* Effect.orDie(sql.unsafe(statement))

      const names = (yield* checkpoints.list("analyse.")).map(({ name }) => name)
      assert.strictEqual(names.length, 16 + 3)
      const opened = yield* checkpoints.open(names.map((name) => ({ name, position: 0 })), 0)
      const stream = { firstSequence: 1, lastSequence: messages.length, messages: 0, bytes: 0, durable: true }
      const told = [...new Set(frames().map(({ p }) => p))].flatMap((partition) => {
        const checkpoint = opened.find(({ name }) => name === `analyse.${partitionName(partition)}`)
        assert.isDefined(checkpoint)
        assert.strictEqual(checkpoint.position, half)
        const lane = new Lane({ partition, config, judging: rulesOf(config) }, checkpoint, stream, 0)
        return messages.filter(({ subject }) => subject === Subject.frame(partition))
          .flatMap((message) => lane.take(message, (_, cause) => assert.fail(String(cause))))
      })
      const expected = unbroken(messages.flatMap(framesIn)).transitions
      assert.deepStrictEqual([...before, ...told].map(named).toSorted(), expected.map(named).toSorted())
      assert.isAbove(told.length, 100)
    }))
})
