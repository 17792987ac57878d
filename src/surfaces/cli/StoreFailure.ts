/**
 * A Store that cannot be opened, told to a person.
 *
 * In: its error. Out: a failure that says what to do. Promises: exit 4 where the running service holds the folder (it must
 * be asked instead), 1 otherwise; no password is told.
 */
import type { StoreError } from "../../layers/Store.ts"
import { failed, type Failure, unreachable } from "./Failure.ts"

export const storeFailure = (error: StoreError): Failure => {
  switch (error.reason) {
    case "folder_taken":
      return unreachable(
        error.detail,
        "the running service migrates its own store at start; ask it with `arbedge status`, or stop it first",
      )
    case "unreachable":
    case "timeout":
      return failed(error.message, "check that Postgres runs and that ARBEDGE_POSTGRES_URL is right: `arbedge doctor`")
    case "unauthorized":
      return failed(error.message, "check user, password and rights in ARBEDGE_POSTGRES_URL")
    case "unsupported":
      return failed(error.message, "use Postgres 15 or newer")
    default:
      return failed(error.message)
  }
}
