/**
 * All detectors: which there are, and in which partitions each of them works.
 *
 * In: the configuration and a partition. Out: its detectors, in the order in which the configuration names them.
 * Promises: what compares venues works where an asset's ticks meet; what stays on one venue, in that venue's partition.
 */
import type { DetectConfig, DetectorName } from "../../domain/DetectConfig.ts"
import type { Partition } from "../../domain/Frame.ts"
import type { Conversions } from "./Conversions.ts"
import { CrossExchange } from "./CrossExchange.ts"
import type { Detector } from "./Detector.ts"
import { Funding } from "./Funding.ts"
import { Technical } from "./Technical.ts"
import { Triangular } from "./Triangular.ts"

interface Kind {
  /** Whose ticks it needs together: those of one asset on every venue, or those of one venue's spot markets. */
  readonly partition: "asset" | "venue"
  readonly make: (config: DetectConfig, conversions: Conversions) => Detector
}

const KINDS: Readonly<Record<DetectorName, Kind>> = {
  cross_exchange: { partition: "asset", make: (config, conversions) => new CrossExchange(config, conversions) },
  triangular: { partition: "venue", make: (config) => new Triangular(config) },
  funding: { partition: "asset", make: (config, conversions) => new Funding(config, conversions) },
  technical: { partition: "asset", make: (config) => new Technical(config) },
}

export const detectorsOf = (
  config: DetectConfig,
  partition: Partition,
  conversions: Conversions,
): ReadonlyArray<Detector> => {
  const here = typeof partition === "number" ? "asset" : "venue"
  return config.detectors.flatMap((name) =>
    KINDS[name].partition === here ? [KINDS[name].make(config, conversions)] : []
  )
}

/** Whether ticks are to be framed by venue as well. */
export const needsVenueFrames = (config: DetectConfig): boolean =>
  config.detectors.some((name) => KINDS[name].partition === "venue")
