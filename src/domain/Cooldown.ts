/**
 * Cooldown: whether somebody has been told of the same thing too recently to be told again.
 *
 * In: when and of what net profit a user was last told under a fingerprint, and what there is now. Out: null, or until
 * when it rests. Promises: pure, and the one rule of it: Coordinator, eligibility and `/why` ask here; what improved
 * materially is told at once, and what nobody can price never counts as improved.
 */

/** The last telling of a fingerprint to one user. */
export interface Told {
  readonly atMs: number
  /** As it was told; null: unknown. */
  readonly netProfit: number | null
}

export interface CooldownPolicy {
  /** For how long the same fingerprint rests ... */
  readonly cooldownMs: number
  /** ... unless its net profit has grown by this fraction. */
  readonly materialImprovement: number
}

export const DEFAULT_COOLDOWN: CooldownPolicy = { cooldownMs: 4 * 3_600_000, materialImprovement: 0.5 }

/** Whether the profit has grown by the fraction that is worth telling anew. */
export const isMaterial = (before: number | null, now: number | null, policy = DEFAULT_COOLDOWN): boolean =>
  before !== null && now !== null && now > before && now >= before * (1 + policy.materialImprovement)

/** Until when (ms) it rests; null: it may be told. */
export const restsUntil = (
  told: Told | null,
  netProfit: number | null,
  nowMs: number,
  policy = DEFAULT_COOLDOWN,
): number | null => {
  if (told === null) return null
  const untilMs = told.atMs + policy.cooldownMs
  return nowMs >= untilMs || isMaterial(told.netProfit, netProfit, policy) ? null : untilMs
}

/** What an opportunity says of its profit, as it is compared. */
export const profitOf = ({ netProfit }: { readonly netProfit: string | null }): number | null =>
  netProfit === null ? null : Number(netProfit)
