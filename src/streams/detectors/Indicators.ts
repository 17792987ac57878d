/**
 * Indicators of one instrument: RSI, MACD, momentum and mean volume, learned candle by candle.
 *
 * In: closed candles. Out: the readings of the last two. Promises: computed by the indicator library alone
 * (docs/decisions/0058); what they say depends on the candles kept and nothing else, so that feeding these again after a
 * restart gives the same numbers to the last bit; at most 6 warm-ups of candles are kept.
 */
import { EMA, MACD, ROC, RSI, SMA } from "trading-signals"
import { Schema } from "effect"
import { Candle } from "../../domain/Candles.ts"
import { type Readings, type TechnicalConfig, warmUp } from "../../domain/TechnicalRules.ts"

/** What is older than this weighs less than a thousandth in every average. */
const MEMORY_WARM_UPS = 3

export const IndicatorsState = Schema.Struct({
  closes: Schema.Array(Schema.Finite),
  volumes: Schema.Array(Schema.Finite),
  /** The last two whole. */
  candles: Schema.Array(Candle),
})
export type IndicatorsState = typeof IndicatorsState.Type

export class Indicators {
  readonly #config: TechnicalConfig
  readonly #warmUp: number
  #closes: Array<number> = []
  #volumes: Array<number> = []
  #candles: ReadonlyArray<Candle> = []
  #library: Library
  before: Readings | null = null
  now: Readings | null = null

  constructor(config: TechnicalConfig) {
    this.#config = config
    this.#warmUp = warmUp(config)
    this.#library = libraryOf(config)
  }

  get isEmpty(): boolean {
    return this.#closes.length === 0
  }

  add(candle: Candle): void {
    this.#closes.push(candle.close)
    this.#volumes.push(candle.volume)
    this.#candles = [...this.#candles.slice(-1), candle]
    const memory = MEMORY_WARM_UPS * this.#warmUp
    if (this.#closes.length < 2 * memory) return this.#read(candle, this.#closes.length)
    this.#closes = this.#closes.slice(-memory)
    this.#volumes = this.#volumes.slice(-memory)
    this.#replay()
  }

  /** What came before no longer counts. */
  reset(): void {
    this.#closes = []
    this.#volumes = []
    this.#candles = []
    this.#replay()
  }

  snapshot(): IndicatorsState {
    return { closes: [...this.#closes], volumes: [...this.#volumes], candles: [...this.#candles] }
  }

  restore({ candles, closes, volumes }: IndicatorsState): void {
    this.#closes = [...closes]
    this.#volumes = [...volumes]
    this.#candles = candles
    this.#replay()
  }

  #replay(): void {
    this.#library = libraryOf(this.#config)
    this.before = this.now = null
    const older = this.#closes.length - this.#candles.length
    for (const [at, close] of this.#closes.entries()) {
      const whole = this.#candles[at - older]
      const volume = this.#volumes[at] ?? 0
      this.#read(whole ?? { from: 0, open: close, high: close, low: close, close, volume }, at + 1)
    }
  }

  /** Feeds one candle, the `count`th that is kept. */
  #read(candle: Candle, count: number): void {
    const { macd, meanVolume, momentum, rsi } = this.#library
    const mean = meanVolume.getResult()
    meanVolume.add(candle.volume)
    const strength = rsi.add(candle.close), change = momentum.add(candle.close), result = macd.add(candle.close)
    this.before = this.now
    if (count < this.#warmUp || mean === null || strength === null || change === null || result === null) return
    this.now = {
      candle,
      // The library gives 100 where it saw no loss, which is also so where the price never moved.
      rsi: strength === 100 && this.#closes.every((close) => close === candle.close) ? null : strength,
      macd: result.macd,
      macdSignal: result.signal,
      histogram: result.histogram,
      momentum: change,
      meanVolume: mean,
    }
  }
}

const libraryOf = ({ macd, momentum, rsi, volume }: TechnicalConfig) => ({
  rsi: new RSI(rsi.period),
  macd: new MACD(new EMA(macd.fast), new EMA(macd.slow), new EMA(macd.signal)),
  momentum: new ROC(momentum.period),
  meanVolume: new SMA(volume.period),
})
type Library = ReturnType<typeof libraryOf>
