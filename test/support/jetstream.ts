/**
 * Raw access to a NATS server for tests of the adapter: prefixes of their own, and what is left removed afterwards.
 */
import { randomUUID } from "node:crypto"
import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"

/** A prefix no other run uses; good in stream names, bucket names and subjects. */
export const ownPrefix = (): string => `test-${randomUUID().slice(0, 8)}-`

/** Removes every stream and bucket whose name begins with `prefix`. */
export const removeAll = async (url: string, prefix: string): Promise<void> => {
  const connection = await connect({ servers: url })
  const manager = await jetstreamManager(connection)
  for await (const name of manager.streams.names()) {
    if (name.startsWith(prefix) || name.startsWith(`KV_${prefix}`)) await manager.streams.delete(name)
  }
  await connection.close()
}
