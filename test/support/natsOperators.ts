/**
 * A nats-server of a test's own that runs the generated configuration: the service's account and some operators.
 *
 * In: operators as the file has them, without credentials. Out: the server, the service's URL, and how an operator
 * connects, as the guide tells him to. Passwords are hashed cheaply: the server checks them at every connection.
 */
import bcrypt from "bcryptjs"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { Effect } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createConnection, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import * as Operator from "../../src/domain/Operator.ts"
import { natsConfig } from "../../src/programs/NatsConfig.ts"
import { ownNatsServer } from "./natsServer.ts"

const CHEAPEST = "$2a$04$"
const hashOf = (password: string): string =>
  bcrypt.hashSync(password, CHEAPEST + bcrypt.encodeBase64(new TextEncoder().encode(password.padEnd(16)), 16))

export const passwordOf = (name: string): string => `of-${name}`

interface OperatorEntry {
  readonly name: string
  readonly [field: string]: unknown
}

export const operatorsServer = (
  entries: ReadonlyArray<OperatorEntry>,
  server: Readonly<Record<string, number>> = {},
) =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "arbedge-operators-"))),
      (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true })),
    )
    const path = join(folder, "nats.conf"), storeDir = join(folder, "store")
    const configure = Effect.fnUntraced(function* (operators: ReadonlyArray<OperatorEntry>) {
      const file = yield* Operator.fromUnknown({
        ...server,
        storeDir,
        service: { bcrypt: hashOf(passwordOf(Operator.SERVICE_USER)) },
        operators: operators.map((entry) => ({ credential: { bcrypt: hashOf(passwordOf(entry.name)) }, ...entry })),
      })
      writeFileSync(path, natsConfig(file))
    })
    yield* configure(entries)
    const nats = yield* ownNatsServer(["-c", path])
    const at = `127.0.0.1:${nats.port}`
    return {
      nats,
      at,
      serviceUrl: `nats://${Operator.SERVICE_USER}:${passwordOf(Operator.SERVICE_USER)}@${at}`,
      /** With other operators from now on, as `nats-server --signal reload` does it. */
      reload: (operators: ReadonlyArray<OperatorEntry>) =>
        Effect.andThen(configure(operators), Effect.sync(() => process.kill(nats.pid() ?? 0, "SIGHUP"))),
      /** As docs/guides/operators.md says. */
      connectAs: (name: string) => closed(connect({ ...credentials(name), servers: at, reconnect: false })),
    }
  })

/** An operator's options of NATS.js. */
export const credentials = (name: string) => ({
  user: name,
  pass: passwordOf(name),
  inboxPrefix: Operator.inboxPrefixOf({ name }),
})

export const closed = (connecting: Promise<NatsConnection>) =>
  Effect.acquireRelease(
    Effect.promise(() => connecting),
    (connection) => Effect.promise(() => connection.close()),
  )

/** A client that subscribes and then reads no more. `ended` returns when the server has closed its connection. */
export const stalledOperator = (at: string, name: string, subject: string) =>
  Effect.acquireRelease(
    Effect.promise(() =>
      new Promise<Socket>((resolve) => {
        const [host, port] = at.split(":"), socket = createConnection({ host: host ?? "", port: Number(port) })
        const introduction = JSON.stringify({ user: name, pass: passwordOf(name), verbose: false })
        socket.on("error", () => {}).setEncoding("utf8")
        socket.write(`CONNECT ${introduction}\r\nSUB ${subject} 1\r\nPING\r\n`)
        socket.on("data", function listen(text: string) {
          if (!text.includes("PONG")) return
          socket.off("data", listen)
          socket.pause()
          resolve(socket)
        })
      })
    ),
    (socket) => Effect.sync(() => socket.destroy()),
  ).pipe(Effect.map((socket) => ({
    ended: Effect.callback<void>((resume) => {
      socket.once("close", () => resume(Effect.void))
      socket.resume()
    }),
  })))
