/**
 * The outbox over SQL.
 *
 * In: the Outbox port's calls. Out: rows of `outbox`. Promises: as the port's; publishing holds neither a transaction
 * nor a connection, so that the embedded store, which has one backend, goes on meanwhile.
 */
import { Effect, Layer, Schema } from "effect"
import { NOBODY } from "../../domain/Person.ts"
import { type NewFact, Outbox, type OutboxFact } from "../Outbox.ts"
import { Persons } from "../Persons.ts"
import { Channel, Store } from "../Store.ts"
import * as PersonsSql from "./PersonsSql.ts"
import { all, at, count, EpochMs, Int8, int8s, run } from "./Rows.ts"

const FactRow = Schema.Struct({ id: Int8, subject: Schema.String, payload: Schema.Unknown, createdAt: EpochMs })

const make = Effect.gen(function* () {
  const { sql } = yield* Store
  const persons = yield* Persons

  /** Facts as they go out: whom they are about is sealed. */
  const published = Effect.fnUntraced(function* (facts: ReadonlyArray<NewFact>) {
    const people = yield* persons.seal(facts.flatMap(({ person }) => person === undefined ? [] : [person]))
    let next = 0
    return facts.map(({ payload, person, subject }) => ({
      subject,
      payload: person === undefined ? payload : { ...payload, person: people[next++] ?? NOBODY },
    }))
  })

  const append = Effect.fn("Outbox.append")(function* (facts: ReadonlyArray<NewFact>, nowMs: number) {
    if (facts.length === 0) return
    yield* sql`with appended as (
          insert into outbox (subject, payload, created_at)
          select f.fact ->> 'subject', f.fact -> 'payload', ${at(nowMs)}
          from jsonb_array_elements(${sql.json(yield* published(facts))}) with ordinality as f (fact, ordinal)
          order by f.ordinal
        )
        select pg_notify(${Channel.outbox}, '')`.pipe(run("Outbox.append"))
  })

  const oldest = (limit: number) =>
    sql`select id, subject, payload, created_at as "createdAt" from outbox
      where published_at is null order by id limit ${limit}`.pipe(all("Outbox.relayBatch", FactRow))

  const relayBatch: Outbox["Service"]["relayBatch"] = Effect.fn("Outbox.relayBatch")(
    function* <E, R>(options: {
      readonly limit: number
      readonly nowMs: number
      readonly publish: (facts: ReadonlyArray<OutboxFact>) => Effect.Effect<void, E, R>
    }) {
      const rows = yield* oldest(options.limit)
      if (rows.length === 0) return 0
      yield* options.publish(rows.map((row) => ({ ...row, id: `outbox-${row.id}` })))
      yield* sql`update outbox set published_at = ${at(options.nowMs)}
        where id = any(${int8s(rows.map((row) => row.id))})`.pipe(run("Outbox.relayBatch"))
      return rows.length
    },
  )

  const depth = sql`select count(*) as count from outbox where published_at is null`.pipe(
    count("Outbox.depth"),
    Effect.withSpan("Outbox.depth"),
  )

  const prune = Effect.fn("Outbox.prune")((publishedBeforeMs: number) =>
    sql`with gone as (delete from outbox where published_at < ${at(publishedBeforeMs)} returning 1)
      select count(*) as count from gone`.pipe(count("Outbox.prune"))
  )

  return { append, relayBatch, depth, prune }
})

export const layer: Layer.Layer<Outbox, never, Store> = Layer.effect(Outbox, make).pipe(Layer.provide(PersonsSql.layer))
