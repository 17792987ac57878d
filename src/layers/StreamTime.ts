/**
 * The StreamTime port: whose time the process lives in.
 *
 * Live market data lives in the wall's time. Recorded data that arrives over the bus brings its own: expiry, windows,
 * hours and limits then follow the recording. In: what the stages see arrive. Out: nothing; the process's Clock changes.
 */
import { Context, Effect } from "effect"
import type { DataSource } from "../domain/Frame.ts"

export class StreamTime extends Context.Service<StreamTime, {
  /** Data of this source, of this ingest time (ms), is being worked on now. */
  readonly observe: (source: DataSource, ingestTime: number) => Effect.Effect<void>
}>()("arbedge/StreamTime") {
  /** Time is driven from elsewhere (replay), or data is always live. */
  static readonly ignored = StreamTime.of({ observe: () => Effect.void })
}
