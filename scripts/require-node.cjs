// deno-lint-ignore-file no-var -- an old Node knows nothing else
/*
 * Stops with one line on a Node that cannot run ArbEdge.
 * Owns: the oldest Node version, read from package.json ("engines"). Comes in: the version that runs this file.
 * Goes out: exit code 0, or 1 and one line on stderr that says what to do.
 * Promises: old syntax only (var, no arrow functions), so that even a very old Node can say it.
 */
var oldest = require("../package.json").engines.node.replace(/[^0-9.]/g, "").split(".").map(Number)
var task = process.env.npm_lifecycle_event || "test"
var running = process.versions.node.split(".").map(Number)

if (running[0] < oldest[0] || (running[0] === oldest[0] && running[1] < oldest[1])) {
  console.error(
    "ArbEdge needs Node >= " + oldest.join(".") + " and this is Node " + process.versions.node +
      ": use `npx -y deno@2.9.6 task " + task + "` (nothing to install first) or a newer Node.",
  )
  process.exit(1)
}
