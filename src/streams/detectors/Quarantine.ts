/**
 * Quarantine: pairs of symbols whose prices lie too far apart to be of one asset. EXAMPLES rule 7.
 *
 *   unknown --spread above the bound--> suspect --an administrator--> approved (compared without a bound) | denied
 *
 * In: what is known of identities when it is made, and spreads as detection sees them. Out: who may be compared, and
 * suspicions to tell, each once. Promises: a suspect stays one, through snapshots too, whatever its spread does; a pair
 * that the curated map verifies is not quarantined, only the prices that cannot be right are refused.
 */
import { Option, Schema } from "effect"
import * as AssetIdentity from "../../domain/AssetIdentity.ts"
import type { RejectionReason } from "../../domain/Opportunity.ts"

/** What two symbols of one asset must pass. */
export interface Gate {
  readonly pair: AssetIdentity.IdentityPair
  /** Gross spread, a fraction; infinite for a pair that was approved. */
  readonly bound: number
  readonly verified: boolean
  suspect: boolean
}

const State = Schema.Array(AssetIdentity.Suspicion)
const decodeState = Schema.decodeUnknownOption(State)

export class Quarantine {
  readonly #identities: AssetIdentity.Identities
  readonly #gates = new Map<string, Gate>()
  readonly #suspicions = new Map<string, AssetIdentity.Suspicion>()
  #news: Array<AssetIdentity.Suspicion> = []

  constructor(identities: AssetIdentity.Identities) {
    this.#identities = identities
  }

  /** The gate between two symbols; null where they were denied. */
  gate(asset: string, one: AssetIdentity.VenueSymbol, other: AssetIdentity.VenueSymbol): Gate | null {
    const pair = AssetIdentity.pairOf(asset, one, other), key = AssetIdentity.pairKey(pair)
    const known = this.#gates.get(key)
    if (known !== undefined) return known
    const { bound, status } = this.#identities.compare(pair)
    if (status === "denied") return null
    const gate = {
      pair,
      bound: status === "approved" ? Infinity : bound,
      verified: status === "verified",
      suspect: status === "suspect" || (status !== "approved" && this.#suspicions.has(key)),
    }
    this.#gates.set(key, gate)
    return gate
  }

  /** Why a price with this gross spread is refused; null: it may be believed. `spread` is asked for in a new case only. */
  refuses(gate: Gate, spread: number, atMs: number, text: () => string): RejectionReason | null {
    if (gate.suspect) return "identity_suspect"
    if (spread <= gate.bound) return null
    if (gate.verified) return "implausible_spread"
    // Before anything is marked: figures that are none must not put two venues apart for good.
    const suspicion = { ...gate.pair, spread: text(), bound: gate.bound, at: atMs }
    gate.suspect = true
    this.#suspicions.set(AssetIdentity.pairKey(gate.pair), suspicion)
    this.#news.push(suspicion)
    return "identity_suspect"
  }

  /** Suspicions since the last call. */
  takeNews(): ReadonlyArray<AssetIdentity.Suspicion> {
    if (this.#news.length === 0) return []
    const news = this.#news
    this.#news = []
    return news
  }

  snapshot(): Schema.Json | null {
    return this.#suspicions.size === 0 ? null : [...this.#suspicions.values()].map((suspicion) => ({ ...suspicion }))
  }

  restore(state: unknown): void {
    for (const suspicion of Option.getOrElse(decodeState(state), () => [])) {
      const key = AssetIdentity.pairKey(suspicion), gate = this.#gates.get(key)
      this.#suspicions.set(key, suspicion)
      if (gate !== undefined && gate.bound !== Infinity) gate.suspect = true
    }
  }
}
