/**
 * Logs: lines that say which trace they belong to.
 *
 * In: a logger that makes lines, or what is logged. Out: the same lines with `traceId` and `spanId` at their end, or an
 * object of JSON a line with both, as the receiver of traces knows them. Promises: only where the trace is kept: an id
 * that leads nowhere would be looked up in vain.
 */
import { Context, Formatter, Logger } from "effect"
import { Tracing } from "../Tracing.ts"

const traceOf = ({ fiber: { cache, context } }: Logger.Options<unknown>) =>
  cache.span?.sampled !== true || !Context.get(context, Tracing)
    ? null
    : { traceId: cache.span.traceId, spanId: cache.span.spanId }

export const withTrace = (lines: Logger.Logger<unknown, string>): Logger.Logger<unknown, string> =>
  Logger.make((options) => {
    const line = lines.log(options), trace = traceOf(options)
    return trace === null ? line : `${line} traceId=${trace.traceId} spanId=${trace.spanId}`
  })

/** `level`, `fiberId`, `timestamp`, `message`, `cause`, `annotations`, `spans`, and the trace where there is one. */
export const json: Logger.Logger<unknown, string> = Logger.make((options) =>
  Formatter.formatJson({ ...Logger.formatStructured.log(options), ...traceOf(options) })
)
