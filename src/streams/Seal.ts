/**
 * Seal: a digest over evidence, which tells a changed digit even where it decides no figure.
 *
 * In: the tick that opened an opportunity, and what it was priced from. Out: evidence with its digest. Promises: the same
 * evidence has the same digest on every runtime and after every store, which may have put its keys in another order. A
 * digest is no signature: it tells what was changed by mistake, the figures tell the rest.
 */
import { createHash } from "node:crypto"
import { canonical, type Evidence, type Inputs } from "../domain/Evidence.ts"

export const digestOf = ({ inputs, openedBy }: Pick<Evidence, "inputs" | "openedBy">): string =>
  createHash("sha256").update(canonical({ openedBy, inputs })).digest("hex").slice(0, 32)

export const seal = (openedBy: Evidence["openedBy"], inputs: Inputs): Evidence => {
  const evidence = { openedBy, inputs }
  return { ...evidence, digest: digestOf(evidence) }
}
