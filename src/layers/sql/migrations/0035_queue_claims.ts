/**
 * Migration 35: claims write to no index.
 *
 * A claim changes `lease_owner` and `lease_until` alone. While no index names them and a page has room, the new version
 * of the row stays within its page and its dozen index entries are left as they are (a heap-only update).
 */
export const queueClaims: ReadonlyArray<string> = [
  `drop index opportunity_distribution_queue_lease`,
  `drop index opportunity_distribution_queue_next`,
  `alter table opportunity_distribution_queue set (fillfactor = 50)`,
]
