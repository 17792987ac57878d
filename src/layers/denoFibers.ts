/**
 * On Deno, lets fibers go on without node's AsyncResource. It has to be evaluated before `effect`, so whoever starts a
 * process imports it first.
 *
 * Effect resumes each suspended fiber inside an AsyncResource, for libraries that follow AsyncLocalStorage. On Deno 2.9
 * such a resource holds the one it was made in: a fiber that lives long holds all of its past, 440 bytes for each time
 * it waited, and each time costs four to nine times as much. Nothing here follows AsyncLocalStorage. Docs: decision 0089.
 */
import process from "node:process"

if ("Deno" in globalThis) {
  const { getBuiltinModule } = process
  Reflect.set(
    process,
    "getBuiltinModule",
    (id: string) => id === "node:async_hooks" ? undefined : Reflect.apply(getBuiltinModule, process, [id]),
  )
}
