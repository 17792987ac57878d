/**
 * Archive: everything that went over the bus into files, by one process at a time.
 *
 * In: the streams MD (ticks), OPP (results of analysis), EVT (facts). Out: the layout of docs/guides/archive.md, in the
 * ArchiveStore. Promises: one process archives, another follows within 3 s of its end; each record is archived once
 * (archive/Writer.ts); parts are merged when their hour or day is over (archive/Compaction.ts), and go when they are too
 * old (archive/Expiry.ts).
 */
import { type Duration, Effect } from "effect"
import { Compactor } from "./archive/Compaction.ts"
import { type Keeping, keepTo } from "./archive/Expiry.ts"
import { BATCH_FOR, write } from "./archive/Writer.ts"
import { whileOwner } from "./Ownership.ts"
import { FACTS, MARKET_DATA, OPPORTUNITIES } from "./Topology.ts"

export interface ArchiveOptions {
  /** Unique for each process start. */
  readonly owner: string
  /** How long what is kept. */
  readonly keeping: Keeping
  /** How long a batch is collected at most. */
  readonly batchFor?: Duration.Duration
}

export const archive = Effect.fn("Archive.archive")(({ batchFor = BATCH_FOR, keeping, owner }: ArchiveOptions) => {
  const work = Effect.suspend(() => {
    const compactor = new Compactor()
    const of = { batchFor, onWritten: compactor.touch }
    return Effect.all([
      write({ ...of, stream: MARKET_DATA.name, content: "frames" }),
      write({ ...of, stream: OPPORTUNITIES.name, content: "events" }),
      write({ ...of, stream: FACTS.name, content: "events" }),
      compactor.run,
      keepTo(keeping, compactor.alone),
    ], { concurrency: "unbounded", discard: true })
  })
  return whileOwner({ name: "archive", owner }, work)
})
