/**
 * The conformance suite of the Bus port: the same cases against every implementation.
 *
 * In: a kit (the test API with a Bus provided, and how time passes there). Each case uses streams, buckets and
 * subjects of its own.
 */
import { describe } from "@effect/vitest"
import { keyValueCases } from "./bus/keyvalue.ts"
import type { Kit } from "./bus/kit.ts"
import { liveCases } from "./bus/live.ts"
import { orderedCases } from "./bus/ordered.ts"
import { requestCases } from "./bus/requests.ts"
import { streamCases } from "./bus/streams.ts"
import { surveyCases } from "./bus/survey.ts"
import { workCases } from "./bus/work.ts"

export const busSuite = (kit: Kit): void => {
  describe("a durable stream", () => streamCases(kit))
  describe("an ordered consumer", () => orderedCases(kit))
  describe("a work queue", () => workCases(kit))
  describe("a bucket", () => keyValueCases(kit))
  describe("what is on the bus", () => surveyCases(kit))
  describe("live subjects", () => liveCases(kit))
  describe("requests", () => requestCases(kit))
}
