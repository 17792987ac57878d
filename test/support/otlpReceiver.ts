/**
 * A local OTLP/HTTP receiver of traces.
 *
 * In: POST /v1/traces with JSON, as the OpenTelemetry protocol spells it. Out: every span with the process it came from,
 * decoded by Schema; what cannot be decoded is answered 400 and kept. Promises: it lives as long as the scope; `mode`
 * makes it refuse (503) or hang, as a receiver in trouble does.
 */
import { Effect, Result, Schema, type Scope } from "effect"
import { createServer, type IncomingHttpHeaders } from "node:http"

const Value = Schema.Struct({
  stringValue: Schema.optionalKey(Schema.String),
  intValue: Schema.optionalKey(Schema.Union([Schema.String, Schema.Finite])),
  doubleValue: Schema.optionalKey(Schema.Finite),
  boolValue: Schema.optionalKey(Schema.Boolean),
  arrayValue: Schema.optionalKey(Schema.Unknown),
})
const Attributes = Schema.Array(Schema.Struct({ key: Schema.String, value: Value }))
const hex = (digits: number) => Schema.String.check(Schema.isPattern(new RegExp(`^[0-9a-f]{${digits}}$`)))
const Nanos = Schema.String.check(Schema.isPattern(/^[1-9][0-9]{18}$/))

export const OtlpSpan = Schema.Struct({
  traceId: hex(32),
  spanId: hex(16),
  parentSpanId: Schema.optionalKey(hex(16)),
  name: Schema.String,
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer */
  kind: Schema.Literals([1, 2, 3, 4, 5]),
  startTimeUnixNano: Nanos,
  endTimeUnixNano: Nanos,
  attributes: Attributes,
  status: Schema.Struct({ code: Schema.Int, message: Schema.optionalKey(Schema.String) }),
})

const Traces = Schema.fromJsonString(Schema.Struct({
  resourceSpans: Schema.Array(Schema.Struct({
    resource: Schema.Struct({ attributes: Attributes }),
    scopeSpans: Schema.Array(Schema.Struct({ spans: Schema.Array(OtlpSpan) })),
  })),
}))
const decode = Schema.decodeUnknownResult(Traces)

const textOf = (attributes: typeof Attributes.Type, name: string): string =>
  attributes.find(({ key }) => key === name)?.value.stringValue ?? ""

export type ReceivedSpan = typeof OtlpSpan.Type & {
  readonly service: string
  /** Which process it came from. */
  readonly instance: string
  readonly roles: string
}

export interface OtlpReceiver {
  readonly url: string
  mode: "takes" | "refuses" | "hangs"
  readonly spans: ReadonlyArray<ReceivedSpan>
  readonly bodies: ReadonlyArray<string>
  readonly headers: ReadonlyArray<IncomingHttpHeaders>
  /** What it could not read, and why. */
  readonly unreadable: ReadonlyArray<string>
}

export const otlpReceiver: Effect.Effect<OtlpReceiver, never, Scope.Scope> = Effect.acquireRelease(
  Effect.promise(() => {
    const spans: Array<ReceivedSpan> = [], bodies: Array<string> = [], headers: Array<IncomingHttpHeaders> = []
    const unreadable: Array<string> = []
    const receiver = { url: "", mode: "takes" as OtlpReceiver["mode"], spans, bodies, headers, unreadable }
    const take = (path: string, body: string): number => {
      const decoded = decode(body)
      if (path !== "/v1/traces" || Result.isFailure(decoded)) {
        unreadable.push(Result.isFailure(decoded) ? String(decoded.failure) : `a request to ${path}`)
        return 400
      }
      for (const { resource: { attributes }, scopeSpans } of decoded.success.resourceSpans) {
        const from = {
          service: textOf(attributes, "service.name"),
          instance: textOf(attributes, "service.instance.id"),
          roles: textOf(attributes, "arbedge.roles"),
        }
        for (const scope of scopeSpans) for (const span of scope.spans) spans.push({ ...span, ...from })
      }
      return 200
    }
    const server = createServer((request, response) => {
      let body = ""
      request.setEncoding("utf8").on("data", (part: string) => void (body += part)).on("end", () => {
        bodies.push(body)
        headers.push(request.headers)
        if (receiver.mode === "hangs") return
        response.writeHead(receiver.mode === "refuses" ? 503 : take(request.url ?? "", body)).end("{}")
      })
    })
    return new Promise<{ readonly receiver: OtlpReceiver; readonly close: () => void }>((resolve) =>
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        receiver.url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`
        resolve({
          receiver,
          close: () => {
            server.closeAllConnections()
            server.close()
          },
        })
      })
    )
  }),
  ({ close }) => Effect.sync(close),
).pipe(Effect.map(({ receiver }) => receiver))
