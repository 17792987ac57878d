/**
 * MetricNames: what the outside world is shown of the program's metrics.
 *
 * In: names and labels as they are counted inside. Out: names by Prometheus' conventions, all with the prefix `arbedge_`;
 * none for what is not shown. Promises: deny by default: a metric with a label that is not on the list is left out, so
 * that no label can name a person, a chat or an opportunity; of one name at most 1,000 series are shown.
 */

export const PREFIX = "arbedge"
export const MAX_SERIES = 1_000

/** Each is bounded: venues, partitions and operators by what is configured, the others by closed lists. */
export const LABELS: ReadonlySet<string> = new Set([
  "action",
  "bucket",
  "by",
  "channel",
  "consumer",
  "dependency",
  "end",
  "from",
  "kind",
  "operator",
  "outcome",
  "partition",
  "reason",
  "receipt",
  "source",
  "stage",
  "state",
  "status",
  "step",
  "strategy",
  "stream",
  "to",
  "type",
  "venue",
  "verdict",
])

/** Labels that Effect's registry keeps and its exposition leaves out. */
const SILENT: ReadonlySet<string> = new Set(["unit", "time_unit"])

/** Of Effect's own metrics these are shown. The size of each mailbox is not: it names the actor, thus the user. */
export const FROM_EFFECT: ReadonlyMap<string, { readonly name: string; readonly description: string }> = new Map([
  ["effect_cluster_entities", { name: "actors_resident", description: "Actors in this process, by type" }],
  ["effect_cluster_runners", { name: "cluster_runners", description: "Processes of the cluster" }],
  ["effect_cluster_runners_healthy", {
    name: "cluster_runners_healthy",
    description: "Processes of the cluster that answer",
  }],
  ["effect_cluster_shards", { name: "cluster_shards", description: "Shards of actors that this process has" }],
])

/** Without the prefix; null: not shown. */
export const shownName = (id: string, labels: Readonly<Record<string, string>> = {}): string | null => {
  if (Object.keys(labels).some((label) => !LABELS.has(label) && !SILENT.has(label))) return null
  return id.startsWith("effect_") ? FROM_EFFECT.get(id)?.name ?? null : id
}
