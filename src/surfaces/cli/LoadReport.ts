/**
 * The report of a load run in files: `report.json` and `report.html` in a folder.
 *
 * In: reports, as the run goes on and at its end. Out: the files. Promises: each is written beside its name and takes it
 * when whole, so a kill leaves the one before; while the run goes on the JSON is at most 5 s old and the page 30 s, since
 * drawing it costs as much as the load of a moment.
 */
import { join } from "node:path"
import { Clock, Effect, FileSystem } from "effect"
import type { ScenarioReport } from "../../domain/ScenarioReport.ts"
import type { Judged } from "../../domain/Slo.ts"
import { failed } from "./Failure.ts"
import { VERSION } from "./Version.ts"

const JSON_EVERY_MS = 5_000
const PAGE_EVERY_MS = 30_000

export const make = Effect.fn("LoadReport.make")(function* (folder: string) {
  const files = yield* FileSystem.FileSystem
  const told = Effect.mapError((error: { readonly message: string }) =>
    failed(`the report in "${folder}" cannot be written: ${error.message}`, "give another --report")
  )
  yield* files.makeDirectory(folder, { recursive: true }).pipe(told)
  // The chart library takes half a second to load: only whoever wants a page waits for it.
  const { page } = yield* Effect.promise(() => import("./LoadPage.ts"))

  const put = (name: string, text: string) => {
    const path = join(folder, name), beside = `${path}.part`
    return Effect.andThen(files.writeFileString(beside, text), files.rename(beside, path)).pipe(told)
  }
  const asJson = (report: ScenarioReport, judged: ReadonlyArray<Judged>) =>
    put("report.json", `${JSON.stringify(judged.length === 0 ? report : { ...report, objectives: judged })}\n`)
  const asPage = (report: ScenarioReport, judged: ReadonlyArray<Judged>) =>
    put("report.html", page(report, { judged, version: VERSION }))

  let jsonAtMs = -Infinity, pageAtMs = -Infinity
  return {
    /** The newest of a run that goes on. */
    progress: (report: ScenarioReport) =>
      Effect.gen(function* () {
        const nowMs = yield* Clock.currentTimeMillis
        if (nowMs - jsonAtMs >= JSON_EVERY_MS) {
          jsonAtMs = nowMs
          yield* asJson(report, [])
        }
        if (nowMs - pageAtMs >= PAGE_EVERY_MS) {
          pageAtMs = nowMs
          yield* asPage(report, [])
        }
      }),
    last: (report: ScenarioReport, judged: ReadonlyArray<Judged>) =>
      Effect.andThen(asJson(report, judged), asPage(report, judged)),
  }
})
