/**
 * Several logical Postgres sessions over ONE PGlite backend, as the duplex streams sql-pg speaks its protocol through.
 *
 * In: frontend messages of each session. Out: the backend's answers, and notices (NotificationResponse) to every
 * session. Promises: a session that begins a transaction owns the backend until it ends, others wait in order; a session
 * that dies inside one is rolled back; its prepared statements are dropped with it.
 * Weaker than a server: sessions share settings, temporary tables and LISTEN state, and a statement under way cannot be
 * cancelled (a CancelRequest is swallowed).
 */
import { Buffer } from "node:buffer"
import { Duplex } from "node:stream"
import type { PGlite } from "@electric-sql/pglite"

const frontend = { parse: 0x50, query: 0x51, terminate: 0x58 }
const backend = { notification: 0x41, readyForQuery: 0x5a }
const idle = 0x49
const cancelRequestCode = 80_877_102

interface Session {
  readonly duplex: Duplex
  readonly prepared: Set<string>
  /** The messages handed to the backend so far; settles when they are answered. */
  work: Promise<void>
}

/** Cuts `buffer` into whole messages. Only the first of a session has no type byte. */
const takeMessages = (buffer: Buffer, started: boolean): { messages: Array<Buffer>; rest: Buffer } => {
  const messages: Array<Buffer> = []
  let rest = buffer
  let typeByte = started ? 1 : 0
  while (rest.length >= typeByte + 4) {
    const length = typeByte + rest.readInt32BE(typeByte)
    if (rest.length < length) break
    messages.push(rest.subarray(0, length))
    rest = rest.subarray(length)
    typeByte = 1
  }
  return { messages, rest }
}

const isCancelRequest = (message: Buffer): boolean =>
  message.length === 16 && message.readInt32BE(0) === 16 && message.readInt32BE(4) === cancelRequestCode

/** A statement by the simple protocol. */
const queryOf = (statement: string): Buffer => {
  const text = Buffer.from(`${statement}\0`)
  const head = Buffer.alloc(5)
  head.writeUInt8(frontend.query)
  head.writeInt32BE(4 + text.length, 1)
  return Buffer.concat([head, text])
}

const nameOfParse = (message: Buffer): string => message.toString("utf8", 5, message.indexOf(0, 5))

/** A factory for `PgClient`'s `stream` option: each call is one more session of the same backend. */
export const protocolStream = (db: PGlite): () => Duplex => {
  const sessions = new Set<Session>()
  const waiting: Array<() => void> = []
  let owner: Session | undefined

  const release = (): void => {
    owner = undefined
    waiting.shift()?.()
  }

  const acquire = async (session: Session): Promise<void> => {
    while (owner !== undefined && owner !== session) {
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
    owner = session
  }

  /** By the call that hands over bytes alone: the others read each answer, and `execProtocolRaw` keeps all it read. */
  const exchange = async (messages: Buffer): Promise<Buffer> => {
    const answer: Array<Buffer> = []
    await db.runExclusive(() =>
      db.execProtocolRawStream(messages, { onRawData: (data) => answer.push(Buffer.from(data)) })
    )
    return Buffer.concat(answer)
  }

  /** Hands the answer to its session and notices to all others; returns the last transaction status, if any. */
  const route = (from: Session, answer: Buffer): number | undefined => {
    let status: number | undefined
    for (let at = 0; at + 5 <= answer.length; at += 1 + answer.readInt32BE(at + 1)) {
      if (answer[at] === backend.readyForQuery) status = answer[at + 5]
      if (answer[at] !== backend.notification) continue
      const notice = answer.subarray(at, at + 1 + answer.readInt32BE(at + 1))
      for (const session of sessions) if (session !== from) session.duplex.push(notice)
    }
    if (answer.length > 0 && !from.duplex.destroyed) from.duplex.push(answer)
    return status
  }

  const run = async (session: Session, messages: ReadonlyArray<Buffer>): Promise<void> => {
    await acquire(session)
    if (session.duplex.destroyed) return release()
    for (const message of messages) if (message[0] === frontend.parse) session.prepared.add(nameOfParse(message))
    const status = route(session, await exchange(Buffer.concat(messages)))
    if (status === idle && owner === session) release()
  }

  /** Waits for its turn like a statement: a DEALLOCATE between another session's messages would break them. */
  const forget = async (session: Session): Promise<void> => {
    const midTransaction = owner === session
    await acquire(session)
    try {
      if (db.closed) return
      if (midTransaction) await exchange(queryOf("ROLLBACK"))
      for (const name of session.prepared) if (name !== "") await exchange(queryOf(`DEALLOCATE "${name}"`))
    } finally {
      release()
    }
  }

  return () => {
    let buffer: Buffer = Buffer.alloc(0)
    let started = false
    const duplex: Duplex = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        const taken = takeMessages(Buffer.concat([buffer, chunk]), started)
        buffer = taken.rest
        const [first] = taken.messages
        if (first === undefined) return done()
        if (!started && isCancelRequest(first)) return duplex.destroy(), done()
        started = true
        const end = taken.messages.findIndex((message) => message[0] === frontend.terminate)
        const messages = end === -1 ? taken.messages : taken.messages.slice(0, end)
        if (end !== -1) queueMicrotask(() => duplex.push(null))
        if (messages.length === 0) return done()
        session.work = run(session, messages)
        session.work.then(() => done(), done)
      },
      destroy(error, done) {
        sessions.delete(session)
        session.work.finally(() => forget(session)).then(() => done(error), () => done(error))
      },
    })
    const session: Session = { duplex, prepared: new Set(), work: Promise.resolve() }
    sessions.add(session)
    return duplex
  }
}
