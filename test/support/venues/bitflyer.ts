/**
 * bitFlyer, which ccxt knows over REST only: markets, a ticker without sizes, boards and executions, all made by hand
 * in the shape of its documentation.
 * Comes in: bodies that a test may change while it runs. Goes out: the venue's `VenueScript`.
 * Promises: the same shape as every other venue file here; needs no recorded data.
 */
import { fromFixture, type Json, readFixture, type VenueScript } from "./VenueScript.ts"

export const bitflyer = (changed: () => Json = () => ({})): VenueScript => {
  const { rest } = readFixture("bitflyer")
  return {
    id: "bitflyer",
    rest: (url, played) => changed()[url.pathname] ?? fromFixture(rest)(url, played),
    subscribes: () => [],
    answers: () => [],
    frames: [],
    books: /^$/,
  }
}
