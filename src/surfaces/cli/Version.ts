/**
 * The product's version, as `--version`, RPC and the package state it.
 */
export const VERSION = "0.1.0"
