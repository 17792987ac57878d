/**
 * /export: everything that is held of the user, as a file.
 *
 * In: a member, in private. Out: one JSON document: rows by table, as they are stored. Promises: nothing of anybody
 * else, and no secret, which the file says.
 */
import { DateTime, Effect } from "effect"
import { PersonalData } from "../../../layers/PersonalData.ts"
import type { Command } from "../Command.ts"
import { sayFile } from "../Replies.ts"
import { html, plain } from "../texts/Fluent.ts"

export const exportAll: Command = {
  name: "export",
  run: Effect.fn("Command.export")(function* ({ preferences: { language }, user, visit }) {
    const data = yield* PersonalData
    const tables = yield* data.of(user)
    const exportedAt = DateTime.formatIso(DateTime.makeUnsafe(visit.nowMs))
    const rows = Object.values(tables).reduce((sum, table) => sum + table.length, 0)
    const content = JSON.stringify({ exportedAt, leftOut: plain(language, "privacy-left-out"), tables }, null, 2)
    yield* sayFile(visit.chatId, {
      fileName: `arbedge-export-${exportedAt.slice(0, 10)}.json`,
      content,
      caption: html(language, "privacy-export", { rows, tables: Object.keys(tables).length }),
    })
  }),
}
