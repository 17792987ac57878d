/**
 * A KeyCheck that says what a test wants.
 *
 * In: findings by venue, and which venues want a passphrase. Out: the port; which keys it was asked about; a gate that
 * holds it up while closed.
 */
import { Effect, Latch, Layer } from "effect"
import type { KeyFinding, KeyRights } from "../../../src/domain/ApiKey.ts"
import { KeyCheck, KeyCheckError } from "../../../src/layers/KeyCheck.ts"
import type { KeySecret } from "../../../src/layers/Keys.ts"

export const READS: KeyRights = { read: "yes", trade: "no", withdraw: "no", ipBound: "no" }

export const scripted = (
  answers: Record<string, Effect.Effect<KeyFinding>>,
  withPassphrase: ReadonlyArray<string> = [],
) => {
  const asked: Array<KeySecret> = []
  const gate = Latch.makeUnsafe(true)
  const layer = Layer.succeed(KeyCheck, {
    needs: (venue) =>
      answers[venue] === undefined
        ? Effect.fail(new KeyCheckError({ reason: "unsupported", venue, detail: "it wants walletAddress" }))
        : Effect.andThen(gate.await, Effect.succeed({ passphrase: withPassphrase.includes(venue) })),
    check: (venue, secret) =>
      Effect.suspend(() => {
        asked.push(secret)
        return answers[venue] ?? Effect.succeed<KeyFinding>({ _tag: "Unanswered", detail: "nobody there" })
      }),
  })
  return { layer, asked, answers, gate }
}
