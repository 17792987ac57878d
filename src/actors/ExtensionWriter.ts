/**
 * The writer of a process's session extensions: what arrives while it writes goes into its next statement.
 *
 * In: one interaction at a time, of a session that its actor holds or of a chat known by its id alone. Out: the session
 * as its row is now, or null where the row did not admit it. Promises: the row is written when it returns. A statement
 * takes up to 256 rows, so the cost of one is shared by all who came meanwhile instead of queued for; 4,096 wait at
 * most, and whoever comes then waits for room.
 */
import { Clock, Deferred, Effect, Exit, Latch, Metric, type Scope } from "effect"
import type { Session } from "../domain/Session.ts"
import { SessionExtensions } from "../layers/SessionExtensions.ts"
import type { StoreError } from "../layers/Store.ts"

const BATCH = 256
const BATCHES = 16
/**
 * So many are not kept waiting for more: a statement for one costs nearly what one for these does, but while the
 * database works on them, the answers of the statement before can be handed out.
 */
const ENOUGH = 32
/** Statements under way. */
const STATEMENTS = 2

const batchSizes = Metric.histogram("session_extension_batch_rows", {
  description: "Session extensions written in one statement",
  boundaries: [1, 2, 4, 8, 16, 32, 64, 128, 256],
})

/** When a batch was written, and what of it. */
interface Written<Rows> {
  readonly nowMs: number
  readonly expiresAt: number
  readonly rows: Rows
}

type ByChat = { readonly telegramId: string }

interface Batch<Item, Rows> {
  readonly items: Array<Item>
  readonly written: Deferred.Deferred<Written<Rows>, StoreError>
}

type Extension<Item> = {
  readonly items: ReadonlyArray<Item>
  readonly nowMs: number
  readonly expiresAt: number
}

const byChat = (a: ByChat, b: ByChat): number => a.telegramId < b.telegramId ? -1 : a.telegramId > b.telegramId ? 1 : 0

/** Gathers items while `write` is busy with those before. Out: adds one, and waits until its batch is written. */
const gathering = Effect.fnUntraced(function* <Item extends ByChat, Rows>(
  ttlMs: number,
  write: (extension: Extension<Item>) => Effect.Effect<Rows, StoreError>,
): Effect.fn.Return<(item: Item) => Effect.Effect<Written<Rows>, StoreError>, never, Scope.Scope> {
  /** Oldest first; only the last takes more. */
  const batches: Array<Batch<Item, Rows>> = []
  const some = yield* Latch.make(false)
  const room = yield* Latch.make(true)

  const writeNext = Effect.gen(function* () {
    yield* some.await
    // While others come they are let come first, until there are enough.
    for (let before = 0; before < (batches[0]?.items.length ?? 0);) {
      before = batches[0]?.items.length ?? 0
      if (before < ENOUGH) yield* Effect.yieldNow
    }
    const batch = batches.shift()
    if (batches.length === 0) yield* some.close
    yield* room.open
    if (batch === undefined) return
    const nowMs = yield* Clock.currentTimeMillis
    const expiresAt = nowMs + ttlMs
    yield* Metric.update(batchSizes, batch.items.length)
    // In one order everywhere: two statements that meet in two rows then wait for each other and do not deadlock.
    const items = batch.items.sort(byChat)
    const exit = yield* Effect.exit(write({ items, nowMs, expiresAt }))
    yield* Deferred.done(batch.written, Exit.map(exit, (rows) => ({ nowMs, expiresAt, rows })))
  })
  for (let n = 0; n < STATEMENTS; n++) yield* Effect.forkScoped(Effect.forever(writeNext))

  const add = (item: Item): Effect.Effect<Written<Rows>, StoreError> =>
    Effect.suspend(() => {
      const last = batches.at(-1)
      if (last !== undefined && last.items.length < BATCH) {
        last.items.push(item)
        return Deferred.await(last.written)
      }
      if (batches.length === BATCHES) return Effect.andThen(room.close, Effect.andThen(room.await, add(item)))
      const opened: Batch<Item, Rows> = { items: [item], written: Deferred.makeUnsafe() }
      batches.push(opened)
      some.openUnsafe()
      return Deferred.await(opened.written)
    })
  return add
})

/** Extends what an actor holds; null: its writer was fenced, or the session is over. */
export const makeExtensionWriter = Effect.fnUntraced(function* (ttlMs: number) {
  const { extendAll } = yield* SessionExtensions
  const write = yield* gathering(
    ttlMs,
    ({ items, ...at }: Extension<Session>) => extendAll({ sessions: items, ...at }),
  )
  return (session: Session): Effect.Effect<Session | null, StoreError> =>
    Effect.map(
      write(session),
      ({ expiresAt, nowMs, rows }) => {
        const row = rows.get(session.sessionId)
        return row === undefined ? null : { ...session, lastActivityAt: nowMs, expiresAt, isAsked: row.isAsked }
      },
    )
})

/** Extends a chat's session by its row alone, fencing nobody; null: it has none that is valid. */
export const makeRowWriter = Effect.fnUntraced(function* (ttlMs: number) {
  const { extendChats } = yield* SessionExtensions
  const write = yield* gathering(
    ttlMs,
    ({ items, ...at }: Extension<ByChat>) =>
      extendChats({ telegramIds: items.map(({ telegramId }) => telegramId), ...at }),
  )
  return (telegramId: string): Effect.Effect<Session | null, StoreError> =>
    Effect.map(write({ telegramId }), ({ rows }) => rows.get(telegramId) ?? null)
})
