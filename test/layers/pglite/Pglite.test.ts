/**
 * The embedded store passes the conformance suites of the Store and of every repository over it.
 */
import { layer } from "@effect/vitest"
import { Option } from "effect"
import * as Pglite from "../../../src/layers/pglite/Pglite.ts"
import { storeSuites } from "../../suites/Store.ts"
import { worldOf } from "../../suites/StoreWorld.ts"

layer(worldOf(Pglite.layer({ dataDir: Option.none() })), { timeout: "60 seconds" })("PGlite in memory", storeSuites)
