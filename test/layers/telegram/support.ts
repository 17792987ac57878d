/** The client against the emulator, and against servers that answer anything else. */
import { Effect, Layer, Redacted } from "effect"
import { createServer, type RequestListener } from "node:http"
import * as Client from "../../../src/layers/telegram/Client.ts"
import * as TelegramNotifier from "../../../src/layers/telegram/Notifier.ts"
import type { Telegram } from "../../../src/layers/Telegram.ts"
import { TelegramEmulator } from "../../../src/simulators/telegram/TelegramEmulator.ts"

/** Nothing may ever print it. */
export const canary = "7000000001:AAE-canary-3f1b9c-never-to-be-seen"

/** Over TCP, by the runtime's own fetch. */
export const overTcp = TelegramNotifier.layer.pipe(
  Layer.provideMerge(Layer.unwrap(Effect.map(
    TelegramEmulator,
    ({ token, url }) => Client.layer({ token: Redacted.make(token), apiRoot: `${url}/` }),
  ))),
)

/** A client of whatever stands at the address. */
export const clientOf = (apiRoot: string, timeout?: "300 millis"): Layer.Layer<Telegram> =>
  Client.layer({ token: Redacted.make(canary), apiRoot, ...(timeout === undefined ? {} : { timeout }) })

/** An HTTP server that answers as told, for as long as the scope lives. */
export const answering = (listener: RequestListener) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly close: () => void }>((resume) => {
      const server = createServer(listener)
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = address !== null && typeof address === "object" ? address.port : 0
        const close = () => {
          server.close()
          server.closeAllConnections()
        }
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, close }))
      })
    }),
    ({ close }) => Effect.sync(close),
  )
