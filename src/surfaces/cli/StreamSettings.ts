/**
 * The declarations of streams and buckets that a command goes by.
 *
 * In: the settings. Out: the declarations in force, or a failure that names what cannot be used (exit 2). Promises: a name
 * or a size that nobody can read is refused, never passed over.
 */
import { Effect } from "effect"
import type { Settings } from "../../domain/Settings.ts"
import type { Declarations } from "../../streams/Topology.ts"
import { topologyOf } from "../../streams/TopologySettings.ts"
import { type Failure, usage } from "./Failure.ts"

export const streamTopology = (settings: Settings): Effect.Effect<Declarations, Failure> => {
  const { topology, unreadable } = topologyOf(settings)
  return unreadable.length === 0
    ? Effect.succeed(topology)
    : Effect.fail(usage(`no limits can be made of ${unreadable.join(", ")}`, "see docs/guides/streams.md"))
}
