/**
 * The product's version.
 *
 * In: nothing. Out: what `--version`, RPC and the service file state.
 * Promises: the same as in package.json: a test holds it to that.
 */
export const VERSION = "0.1.0"
