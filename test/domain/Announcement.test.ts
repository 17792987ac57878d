/** Announcements: the answer to each transition, the same for a repeat, and nothing for what is stale or over. */
import { assert, describe, it } from "@effect/vitest"
import { after, announce, DEFAULT_POLICY, expiryOf, type Known, recalled } from "../../src/domain/Announcement.ts"
import type { Opportunity } from "../../src/domain/Opportunity.ts"
import { someOpportunity, t0 } from "../suites/StoreWorld.ts"

const opened = someOpportunity({ netProfit: "10", expiresAt: t0 + 30_000 })
const next = (revision: number, state: Opportunity["state"], changes: Partial<Opportunity> = {}): Opportunity => ({
  ...opened,
  revision,
  state,
  ...changes,
})
const answered = (known: Known | null, transition: Opportunity, nowMs = t0) =>
  announce(known, transition, nowMs, DEFAULT_POLICY)
const knowing = (transition: Opportunity, nowMs = t0): Known =>
  after(null, transition, answered(null, transition, nowMs), nowMs)

describe("A transition", () => {
  it("notifies when it opens, and edits when it improves, fades or closes", () => {
    assert.deepStrictEqual(answered(null, opened), { action: "notify", reason: "opened" })
    const known = knowing(opened)
    assert.deepStrictEqual(answered(known, next(2, "improved")), { action: "edit", reason: "improved" })
    assert.deepStrictEqual(answered(known, next(2, "fading")), { action: "edit", reason: "fading" })
    assert.deepStrictEqual(answered(known, next(2, "closed")), { action: "edit", reason: "closed" })
  })

  it("that only says that it still fades says nothing new", () => {
    const faded = after(knowing(opened), next(2, "fading"), { action: "edit", reason: "fading" }, t0)
    assert.deepStrictEqual(answered(faded, next(3, "fading")), { action: "none", reason: "unchanged" })
    assert.deepStrictEqual(answered(faded, next(3, "improved")), { action: "edit", reason: "improved" })
  })

  it("gets the same answer again when it is repeated", () => {
    const known = knowing(opened)
    assert.deepStrictEqual(answered(known, opened), { action: "notify", reason: "opened" })
    assert.deepStrictEqual(answered(recalled(opened), opened), { action: "notify", reason: "opened" })
  })

  it("is stale when a newer one is known", () => {
    const known = after(knowing(opened), next(3, "fading"), { action: "none", reason: "fading" }, t0)
    assert.deepStrictEqual(answered(known, next(2, "improved")), { action: "none", reason: "stale" })
    assert.deepStrictEqual(answered(known, next(3, "improved")), { action: "none", reason: "stale" })
  })

  it("that arrives after its lifetime tells nobody, unless it closes", () => {
    assert.deepStrictEqual(answered(null, opened, t0 + 30_000), { action: "none", reason: "expired" })
    assert.deepStrictEqual(answered(null, next(2, "closed"), t0 + 30_000), { action: "edit", reason: "closed" })
  })

  it("that improves what nobody saw open is told as new", () => {
    assert.deepStrictEqual(answered(null, next(2, "improved")), { action: "notify", reason: "opened" })
  })

  it("notifies anew when it earns half as much again and was told long ago", () => {
    const known = knowing(opened)
    const later = t0 + DEFAULT_POLICY.cooldownMs
    const better = next(2, "improved", { netProfit: "15" })
    assert.deepStrictEqual(answered(known, better, later), { action: "notify", reason: "improved_materially" })
    assert.strictEqual(answered(known, better, later - 1).action, "edit")
    assert.strictEqual(answered(known, { ...better, netProfit: "14.99" }, later).action, "edit")
    const told = after(known, better, { action: "notify", reason: "improved_materially" }, later)
    assert.deepStrictEqual(told.told, { netProfit: 15, atMs: later })
  })
})

describe("What has outlived its time", () => {
  it("is closed by a transition of its own that says why", () => {
    const over = expiryOf(opened)
    assert.deepInclude(over, { revision: 2, state: "closed", id: opened.id })
    assert.deepStrictEqual(over.reasons, [...opened.reasons, "expired"])
  })
})
