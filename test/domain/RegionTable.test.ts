/** The table of regions: sourced, versioned, and added to by the operator. */
import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import * as RegionTable from "../../src/domain/RegionTable.ts"

describe("The table of regions", () => {
  it("is named by its version, and says of each entry where it is from", () => {
    const { REGION_TABLE, VERSION } = RegionTable
    const digest = createHash("sha256").update(
      JSON.stringify(REGION_TABLE.map(({ blocked, venues }) => [venues, blocked])),
    )
    assert.deepStrictEqual([VERSION, digest.digest("hex").slice(0, 16)], ["2026-11-21", "96fc54f6468393db"])
    for (const { blocked, read, source } of REGION_TABLE) {
      assert.match(source, /^https:\/\//)
      assert.isFalse(Number.isNaN(Date.parse(read)))
      for (const country of blocked) assert.match(country, /^[A-Z]{2}$/)
    }
  })

  it("takes what the operator adds, and tells what it cannot read", () => {
    const { regions, unreadable } = RegionTable.blockedRegions(["okx=us|CA", "kraken=JP", "okx", "okx=USA"])
    assert.isTrue(regions.get("okx")?.has("US") === true && regions.get("okx")?.has("IR") === true)
    assert.deepStrictEqual(unreadable, ["okx", "okx=USA"])
    assert.deepStrictEqual(RegionTable.blockingVenues(regions, ["kraken", "okx", "unheard"], "JP"), ["kraken"])
  })
})
