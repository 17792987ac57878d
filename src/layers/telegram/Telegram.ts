/**
 * Calls to the Bot API through grammY, as effects.
 *
 * In: a bot token and, per call, what to do with grammY's `Api`. Out: the result, or a `TelegramError`. Promises: one
 * call makes at most one request (nothing is retried here: the queue reschedules); a call that is interrupted or takes
 * too long is aborted; the token reaches the transport's address and nothing else.
 */
import { Context, Duration, Effect, Layer, type Redacted } from "effect"
import { Api, type ApiClientOptions } from "grammy"
import { fromThrown, TelegramError, Unknown } from "./TelegramError.ts"
import * as Transport from "./Transport.ts"

export interface TelegramOptions {
  /** As BotFather gives it. */
  readonly token: Redacted.Redacted
  /** Default: Telegram's own. A slash at the end is ignored. */
  readonly apiRoot?: string
  /** Default: the runtime's. The emulator offers one without TCP. */
  readonly fetch?: Transport.Fetch
  /** A call that takes longer ends as `Unknown`. Default 15 s. */
  readonly timeout?: Duration.Input
}

export class Telegram extends Context.Service<Telegram, {
  /** `method` is what errors and spans are named by; `timeout` replaces the default for a long poll. */
  readonly call: <A>(
    method: string,
    use: (api: Api) => Promise<A>,
    timeout?: Duration.Input,
  ) => Effect.Effect<A, TelegramError>
  /** For a grammY `Bot`, with a placeholder in the token's place. */
  readonly grammy: { readonly token: string; readonly client: ApiClientOptions }
}>()("arbedge/Telegram") {
  static readonly layer = (options: TelegramOptions): Layer.Layer<Telegram> =>
    Layer.sync(Telegram, () => {
      const apiRoot = (options.apiRoot ?? "https://api.telegram.org").replace(/\/+$/, "")
      const transport = Transport.make({ token: options.token, apiRoot, fetch: options.fetch ?? globalThis.fetch })
      const token = Transport.PLACEHOLDER_TOKEN
      // An Api costs little, and one a call needs no signal handed through grammY, whose type is of its own making.
      const client = (owner?: AbortSignal): ApiClientOptions => ({
        buildUrl: transport.buildUrl,
        fetch: transport.fetch(owner),
        baseFetchConfig: {},
      })
      const call = <A>(
        method: string,
        use: (api: Api) => Promise<A>,
        timeout: Duration.Input = options.timeout ?? "15 seconds",
      ): Effect.Effect<A, TelegramError> =>
        Effect.tryPromise({
          try: (signal) => use(new Api(token, client(signal))),
          catch: (thrown) => fromThrown(method, thrown),
        }).pipe(
          Effect.timeoutOrElse({
            duration: timeout,
            orElse: () =>
              Effect.fail(
                new TelegramError({
                  method,
                  reason: new Unknown({
                    detail: `no answer within ${Duration.format(Duration.fromInputUnsafe(timeout))}`,
                  }),
                }),
              ),
          }),
          Effect.withSpan("Telegram.call", { kind: "client", attributes: { "telegram.method": method } }),
        )
      return { call, grammy: { token, client: client() } }
    })
}
