/**
 * The part of ccxt this layer relies on, in types of our own.
 *
 * In: nothing. Out: `CcxtExchange`, `CcxtClient`. Promises: what is not named here is not used, so an upgrade of ccxt
 * is checked against these few lines; what comes out of ccxt is `unknown` until it has been looked at.
 */

/** One websocket connection. */
export interface CcxtClient {
  readonly url: string
  /** By message hash: what has been subscribed on this connection. */
  readonly subscriptions: Record<string, unknown>
  readonly connection: unknown
  /** How binary frames are packed; where ccxt reads the bytes itself, `decompressBinary` is false. */
  readonly gunzip?: boolean | undefined
  readonly inflate?: boolean | undefined
  readonly decompressBinary?: boolean | undefined
  isOpen(): boolean
  /** Dials. */
  createConnection(): void
  /** The connection is there. */
  onOpen(): void
  send(message: unknown): Promise<unknown>
  /** A frame as it came off the socket. */
  onMessage(event: { readonly data: unknown }): void
  /** A protocol-level pong. */
  onPong(): void
  /** An update was parsed and filed. */
  resolve(result: unknown, messageHash?: string): unknown
  /** A subscription, or without a hash all of the connection, failed. */
  reject(error: unknown, messageHash?: string): unknown
  /** The connection is over. */
  reset(error: unknown): void
}

export interface CcxtMarket {
  readonly id?: string | undefined
  readonly symbol: string
  readonly spot?: boolean | undefined
  readonly swap?: boolean | undefined
  readonly inverse?: boolean | undefined
  readonly contract?: boolean | undefined
  readonly contractSize?: number | undefined
  readonly precision: { readonly amount?: number | undefined }
  readonly limits: {
    readonly amount?: { readonly min?: number | undefined }
    readonly cost?: { readonly min?: number | undefined }
  }
  readonly info?: unknown
}

/** A cached order book: `[price, size]` levels, best first. */
export interface CcxtBook {
  readonly symbol?: string | undefined
  readonly nonce?: number | undefined
  readonly timestamp?: number | undefined
  readonly bids: ReadonlyArray<ReadonlyArray<number | undefined>>
  readonly asks: ReadonlyArray<ReadonlyArray<number | undefined>>
}

export interface CcxtExchange {
  urls: { api?: unknown }
  /** What the venue offers by ccxt: true, or something else. */
  readonly has: Readonly<Record<string, unknown>>
  readonly options: Readonly<Record<string, unknown>>
  /** Milliseconds that a unit of weight takes. */
  readonly rateLimit: number
  /** How long the venue counts, ms; 0: it does not count, it wants pauses. */
  readonly rollingWindowSize: number
  /** Called with its weight before each REST call; the call waits for it. */
  throttle(weight?: number): Promise<void>
  /** Every REST call goes through this; what comes out is the parsed body. */
  fetch(url: string, method?: string, headers?: unknown, body?: unknown): Promise<unknown>
  /** What becomes of an answer: it is looked at by `handleErrors`, then parsed. */
  handleRestResponse(
    response: unknown,
    url: string,
    method?: string,
    headers?: unknown,
    body?: unknown,
  ): Promise<unknown>
  /** Called with each answer of the REST API; throws what it takes for an error. */
  handleErrors(
    status: number,
    reason: string,
    url: string,
    method: string,
    headers: Readonly<Record<string, unknown>>,
    body: unknown,
    ...rest: ReadonlyArray<unknown>
  ): unknown
  readonly clients: Record<string, CcxtClient>
  readonly markets: Record<string, CcxtMarket> | undefined
  readonly orderbooks: Record<string, CcxtBook>
  orderBook(snapshot: Record<string, unknown>, depth: number): CcxtBook
  loadHttpProxyAgent(): Promise<unknown>
  loadMarkets(): Promise<unknown>
  setMarketsFromExchange(source: unknown): unknown
  market(instrument: string): CcxtMarket
  client(url: string): CcxtClient
  handleMessage(client: CcxtClient, message: unknown): void
  onConnected(client: CcxtClient, message?: unknown): void
  /** What the venue wants to hear so that it answers; nothing where a ping of the protocol does. */
  ping(client: CcxtClient): unknown
  log(...args: ReadonlyArray<unknown>): void
  watchBidsAsks(instruments: Array<string>): unknown
  watchTickers(instruments: Array<string>): unknown
  watchOrderBookForSymbols(instruments: Array<string>, depth?: number): unknown
  unWatchOrderBookForSymbols(instruments: Array<string>): unknown
  /** Binance only: gets a book's snapshot over REST and applies what was buffered meanwhile. */
  fetchOrderBookSnapshot?(client: CcxtClient, message: unknown, subscription: Record<string, unknown>): unknown
  watchTradesForSymbols(
    instruments: Array<string>,
    since?: undefined,
    limit?: undefined,
    params?: Record<string, unknown>,
  ): unknown
  watchMarkPrices(instruments: Array<string>): unknown
  watchFundingRates(instruments: Array<string>): unknown
  /** Nothing where the venue tells it only to whoever has a key. */
  fetchCurrencies(): unknown
  fetchFundingIntervals(instruments: Array<string>): unknown
  watchTicker(instrument: string): unknown
  watchOrderBook(instrument: string): unknown
  watchTrades(instrument: string): unknown
  watchFundingRate(instrument: string): unknown
  fetchTickers(instruments: Array<string>): Promise<unknown>
  fetchTicker(instrument: string): Promise<unknown>
  fetchOrderBook(instrument: string): Promise<unknown>
  fetchTrades(instrument: string): Promise<unknown>
  fetchFundingRates(instruments: Array<string>): Promise<unknown>
  fetchFundingRate(instrument: string): Promise<unknown>
}

export interface CcxtConfig {
  readonly newUpdates: boolean
  readonly enableRateLimit: boolean
  readonly options: Record<string, unknown>
}

export type CcxtClass = new (config: CcxtConfig) => CcxtExchange
