/**
 * Logs: lines that say which trace they belong to.
 *
 * In: a logger that makes lines. Out: the same lines with `traceId` and `spanId` at their end, as the receiver of traces
 * knows them. Promises: only where the trace is kept: an id that leads nowhere would be looked up in vain.
 */
import { Context, Logger } from "effect"
import { Tracing } from "../Tracing.ts"

export const withTrace = (lines: Logger.Logger<unknown, string>): Logger.Logger<unknown, string> =>
  Logger.make((options) => {
    const line = lines.log(options)
    const { cache, context } = options.fiber
    if (cache.span?.sampled !== true || !Context.get(context, Tracing)) return line
    return `${line} traceId=${cache.span.traceId} spanId=${cache.span.spanId}`
  })
