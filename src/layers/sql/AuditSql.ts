/**
 * The audit log over SQL.
 *
 * In: the Audit port's calls. Out: rows of `audit_log`, chained by `audit_chain`. Promises: the row of the chain is
 * locked from reading its end to the commit, so that no two entries follow the same one.
 */
import { createHash } from "node:crypto"
import { Effect, Layer, Schema } from "effect"
import { AuditAction, AuditDetails, type AuditEntry, canonical, type Verification } from "../../domain/AuditEntry.ts"
import type { AuditRecorded } from "../../domain/Fact.ts"
import { NOBODY } from "../../domain/Person.ts"
import * as Subject from "../../domain/Subject.ts"
import { Audit } from "../Audit.ts"
import { type NewFact, Outbox } from "../Outbox.ts"
import { Store } from "../Store.ts"
import { all, at, EpochMs, Int8, one, run } from "./Rows.ts"

const CHAIN = "privileged"
const PAGE = 1_000

const hashOf = (previous: string, entry: AuditEntry): string =>
  createHash("sha256").update(previous).update("\n").update(canonical(entry)).digest("hex")

const End = Schema.Struct({ sequence: Int8, hash: Schema.String })

const Row = Schema.Struct({
  userId: Schema.NullOr(Schema.String),
  subjectId: Schema.NullOr(Schema.String),
  action: AuditAction,
  at: EpochMs,
  ipAddress: Schema.NullOr(Schema.String),
  userAgent: Schema.NullOr(Schema.String),
  sessionId: Schema.NullOr(Schema.String),
  command: Schema.NullOr(Schema.String),
  success: Schema.Boolean,
  error: Schema.NullOr(Schema.String),
  details: AuditDetails,
  sequence: Int8,
  previous: Schema.String,
  hash: Schema.String,
})

const entryOf = ({ hash: _hash, previous: _previous, sequence: _sequence, ...entry }: typeof Row.Type): AuditEntry =>
  entry

type Broken = NonNullable<Verification["broken"]>

/** What is wrong with a row that should follow the one before; null: nothing. */
const faultOf = (row: typeof Row.Type, sequence: number, previous: string): Broken["why"] | null =>
  row.sequence !== sequence
    ? "missing"
    : row.previous !== previous
    ? "unlinked"
    : row.hash !== hashOf(previous, entryOf(row))
    ? "changed"
    : null

/** Whom it is about and who did it leave sealed under the key of the former. */
const factOf = (
  { action, at, command, details, error, subjectId, success, userId: actorId }: AuditEntry,
  sequence: number,
  hash: string,
): NewFact => {
  const told: Omit<AuditRecorded, "person"> = { v: 1, at, action, command, success, error, details, sequence, hash }
  const subject = Subject.fact("audit", "recorded"), userId = subjectId ?? actorId
  return userId === null
    ? { subject, payload: { ...told, person: NOBODY } }
    : { subject, payload: told, person: { userId, actorId } }
}

const make = Effect.gen(function* () {
  const { sql, transaction } = yield* Store
  const outbox = yield* Outbox
  const columns = sql.literal(`user_id as "userId", subject_id as "subjectId", action_type as "action",
    "timestamp" as "at", ip_address as "ipAddress", user_agent as "userAgent", session_id as "sessionId", command,
    success, error, details, chain_sequence as "sequence", previous_hash as "previous", hash`)

  const record: Audit["Service"]["record"] = Effect.fn("Audit.record")(
    function* (entry: AuditEntry) {
      const end = yield* sql`insert into audit_chain (chain, sequence, hash) values (${CHAIN}, 0, '')
        on conflict (chain) do update set chain = excluded.chain returning sequence, hash`.pipe(
        one("Audit.record", End),
      )
      const sequence = end.sequence + 1
      const hash = hashOf(end.hash, entry)
      const { auditId } = yield* sql`insert into audit_log (user_id, subject_id, action_type, "timestamp", ip_address,
          user_agent, session_id, command, success, error, details, chain_sequence, previous_hash, hash)
        values (${entry.userId}, ${entry.subjectId}, ${entry.action}, ${at(entry.at)}, ${entry.ipAddress},
          ${entry.userAgent}, ${entry.sessionId}, ${entry.command}, ${entry.success}, ${entry.error},
          ${sql.json(entry.details)}, ${BigInt(sequence)}, ${end.hash}, ${hash})
        returning audit_id as "auditId"`.pipe(one("Audit.record", Schema.Struct({ auditId: Int8 })))
      yield* sql`update audit_chain set sequence = ${BigInt(sequence)}, hash = ${hash} where chain = ${CHAIN}`.pipe(
        run("Audit.record"),
      )
      yield* outbox.append([factOf(entry, sequence, hash)], entry.at)
      return { auditId, sequence, hash }
    },
    (recorded) => transaction(recorded),
  )

  const page = (after: number) =>
    sql`select ${columns} from audit_log where chain_sequence > ${BigInt(after)} order by chain_sequence limit ${PAGE}`
      .pipe(all("Audit.verify", Row))

  const verify = Effect.gen(function* () {
    let intact = 0
    let head = ""
    const upTo = (broken: Broken | null): Verification => ({ intact, head, broken })
    for (let rows = yield* page(0); rows.length > 0; rows = yield* page(intact)) {
      for (const row of rows) {
        const why = faultOf(row, intact + 1, head)
        if (why !== null) return upTo({ sequence: intact + 1, why })
        intact = row.sequence
        head = row.hash
      }
    }
    const [end] = yield* sql`select sequence, hash from audit_chain where chain = ${CHAIN}`.pipe(
      all("Audit.verify", End),
    )
    return upTo(
      end !== undefined && (end.sequence > intact || end.hash !== head)
        ? { sequence: intact + 1, why: end.sequence > intact ? "missing" : "unlinked" }
        : null,
    )
  }).pipe(transaction, Effect.withSpan("Audit.verify"))

  const recent = Effect.fn("Audit.recent")((limit: number) =>
    sql`select ${columns} from audit_log where chain_sequence is not null order by chain_sequence desc limit ${limit}`
      .pipe(all("Audit.recent", Row), Effect.map((rows) => rows.map(entryOf)))
  )

  return { record, verify, recent }
})

export const layer: Layer.Layer<Audit, never, Store | Outbox> = Layer.effect(Audit, make)
