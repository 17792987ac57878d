/**
 * A port for a process that will listen later.
 *
 * In: nothing. Out: a port of 127.0.0.1 that was free a moment ago. Promises: none that it stays so.
 */
import { Effect } from "effect"
import { createServer } from "node:net"

export const freePort = Effect.callback<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})
