/**
 * Every word of a card, in each language.
 *
 * In: a language. Out: its words and units. Promises: all languages have all words (the type says so); texts hold no
 * markup, so that markup is decided in one place.
 */
import type { OpportunityState, OpportunityType, Priority } from "../Opportunity.ts"
import type { Language } from "../Preferences.ts"
import type { Action } from "./CallbackData.ts"
import type { Grouping, TimeUnits } from "./Figures.ts"

export type { Language }

export interface CardTexts {
  readonly grouping: Grouping
  readonly units: TimeUnits
  readonly types: Readonly<Record<OpportunityType, string>>
  readonly states: Readonly<Record<Exclude<OpportunityState, "closed">, string>>
  readonly priorities: Readonly<Record<Priority, string>>
  readonly sides: { readonly buy: string; readonly sell: string }
  readonly at: string
  readonly net: string
  readonly forSize: string
  readonly gross: string
  readonly unknown: string
  readonly fees: string
  readonly age: (age: string) => string
  readonly lifetime: (lifetime: string, checks: number) => string
  readonly fadingNote: string
  readonly closedAfter: (lifetime: string, checks: number) => string
  readonly atBest: string
  readonly tooLate: (age: string) => string
  readonly priority: string
  readonly score: string
  readonly unproven: string
  readonly simulated: string
  readonly limit: string
  readonly contracts: (count: string) => string
  readonly moreLegs: (count: number) => string
  readonly levels: string
  readonly bookAge: string
  readonly rate: string
  readonly capacity: string
  readonly expires: (left: string) => string
  readonly expired: string
  readonly identity: string
  readonly funding: FundingTexts
  readonly technical: TechnicalTexts
  readonly cycle: { readonly capacity: string; readonly leftOver: string }
  readonly buttons: Readonly<Record<Exclude<Action, "item">, string>>
  readonly batch: BatchTexts
  readonly digest: DigestTexts
}

export interface BatchTexts {
  readonly title: (count: number) => string
  readonly gone: (lifetime: string) => string
  readonly hint: string
}

export interface DigestTexts {
  readonly title: (quiet: string) => string
  readonly counts: (came: number, gone: number) => string
  readonly longest: string
  readonly lived: (lifetime: string) => string
  readonly open: (count: number) => string
  readonly noneOpen: string
}

export interface FundingTexts {
  readonly long: string
  readonly short: string
  readonly spot: string
  readonly every: (interval: string) => string
  readonly anHour: (rate: string) => string
  readonly kinds: { readonly predicted: string; readonly settled: string }
  readonly yield: (rate: string) => string
  readonly hours: (hours: string) => string
  readonly horizon: (hours: string, income: string, cost: string) => string
  readonly paysBack: (evenly: string, settled: string | null) => string
  readonly next: (left: string) => string
}

export interface TechnicalTexts {
  readonly signal: string
  readonly signals: Readonly<Record<string, string>>
  readonly directions: { readonly buy: string; readonly sell: string }
  /** What is shown of the readings, in this order. */
  readonly indicators: Readonly<Record<string, string>>
  readonly names: Readonly<Record<string, string>>
  readonly confirmed: (names: string) => string
  readonly candles: (interval: string, count: number) => string
}

const en: CardTexts = {
  grouping: ",",
  units: { ms: "ms", s: "s", min: "min", h: "h", d: "d" },
  types: {
    cross_exchange: "cross-exchange",
    triangular: "triangular",
    funding: "funding rate",
    technical: "technical",
  },
  states: { opened: "new", improved: "improved", fading: "fading" },
  priorities: { critical: "critical", high: "high", medium: "medium", low: "low" },
  sides: { buy: "Buy", sell: "Sell" },
  at: "at",
  net: "Net",
  forSize: "for",
  gross: "Gross",
  unknown: "unknown: a signal names no profit",
  fees: "fees",
  age: (age) => `Seen ${age} ago`,
  lifetime: (lifetime, checks) => `lives ${lifetime}, ${checks === 1 ? "1 check" : `${checks} checks`}`,
  fadingNote: "Fading: it no longer holds at these figures",
  closedAfter: (lifetime, checks) => `Gone: it lived ${lifetime}, ${checks === 1 ? "1 check" : `${checks} checks`}`,
  atBest: "At its best",
  tooLate: (age) => `It was gone before I could tell you, ${age} after it was found`,
  priority: "Priority",
  score: "score",
  unproven: "Unproven: too few similar cases to know how often it works",
  simulated: "Simulated data, not a real market",
  limit: "limit",
  contracts: (count) => `${count} contracts`,
  moreLegs: (count) => `and ${count} more legs`,
  levels: "levels",
  bookAge: "book age",
  rate: "taker fee",
  capacity: "Both books admit",
  expires: (left) => `Counts as gone in ${left} without news`,
  expired: "Its time has run out",
  identity: "Id",
  funding: {
    long: "Long",
    short: "Short",
    spot: "spot, pays nothing",
    every: (interval) => `every ${interval}`,
    anHour: (rate) => `${rate} an hour`,
    kinds: { predicted: "predicted", settled: "paid last" },
    yield: (rate) => `Yields ${rate} a year before costs`,
    hours: (hours) => `${hours} h`,
    horizon: (hours, income, cost) => `In ${hours}: funding ${income}, to enter and leave ${cost}`,
    paysBack: (evenly, settled) =>
      `Pays back in ${evenly}${settled === null ? "" : `, by its settlements in ${settled}`}`,
    next: (left) => `Next settlement in ${left}`,
  },
  technical: {
    signal: "Signal",
    signals: {
      rsi_reversal: "strength turns back",
      macd_cross: "MACD crosses its signal line",
      volume_surge: "volume surges",
    },
    directions: { buy: "up", sell: "down" },
    indicators: {
      rsi: "RSI",
      macdHistogram: "MACD histogram",
      momentum: "momentum",
      volume: "volume",
      meanVolume: "mean volume",
    },
    names: { rsi: "RSI", macd: "MACD", momentum: "momentum", volume: "volume" },
    confirmed: (names) => `Confirmed by ${names}`,
    candles: (interval, count) => `Candles of ${interval}, holds for ${count} of them`,
  },
  cycle: { capacity: "All books admit", leftOver: "Lots leave over, not counted:" },
  buttons: {
    take: "⚡️ Take",
    details: "Details",
    useful: "👍 Useful",
    not_useful: "👎 Not useful",
    too_late: "⌛️ Too late",
    mute: "Mute pair",
    why: "Why me?",
    dismiss: "Dismiss",
  },
  batch: {
    title: (count) => count === 1 ? "1 opportunity" : `${count} opportunities`,
    gone: (lifetime) => `gone after ${lifetime}`,
    hint: "The buttons open the details",
  },
  digest: {
    title: (quiet) => `While I kept quiet (${quiet})`,
    counts: (came, gone) =>
      `${came === 1 ? "1 opportunity" : `${came} opportunities`} for you came, ${
        gone === came ? (came === 1 ? "and it went" : "and all went") : `${gone} of them went`
      }.`,
    longest: "Longest lived",
    lived: (lifetime) => `lived ${lifetime}`,
    open: (count) => count === 1 ? "Still open, as of now" : `Still open, as of now: ${count}`,
    noneOpen: "Nothing of it is open now.",
  },
}

/** Russian counts in three forms: 1 проверка, 2 проверки, 5 проверок. */
const counted = (count: number, one: string, few: string, many: string): string => {
  const tens = count % 100, units = count % 10
  const form = tens >= 11 && tens <= 14 ? many : units === 1 ? one : units >= 2 && units <= 4 ? few : many
  return `${count} ${form}`
}

const ru: CardTexts = {
  grouping: "\u00a0",
  units: { ms: "мс", s: "с", min: "мин", h: "ч", d: "д" },
  types: {
    cross_exchange: "межбиржевой",
    triangular: "треугольный",
    funding: "ставка финансирования",
    technical: "технический",
  },
  states: { opened: "новый", improved: "стал лучше", fading: "угасает" },
  priorities: { critical: "критический", high: "высокий", medium: "средний", low: "низкий" },
  sides: { buy: "Купить", sell: "Продать" },
  at: "по",
  net: "Чистыми",
  forSize: "на",
  gross: "До комиссий",
  unknown: "неизвестно: сигнал не называет прибыль",
  fees: "комиссии",
  age: (age) => `Замечен ${age} назад`,
  lifetime: (lifetime, checks) => `живёт ${lifetime}, ${counted(checks, "проверка", "проверки", "проверок")}`,
  fadingNote: "Угасает: этих цифр уже нет",
  closedAfter: (lifetime, checks) =>
    `Больше нет: жил ${lifetime}, ${counted(checks, "проверка", "проверки", "проверок")}`,
  atBest: "В лучший момент",
  tooLate: (age) => `Исчез раньше, чем я успел сообщить: прошло ${age}`,
  priority: "Приоритет",
  score: "оценка",
  unproven: "Не подтверждено: похожих случаев слишком мало, чтобы знать, как часто это срабатывает",
  simulated: "Данные смоделированы, это не настоящий рынок",
  limit: "цена",
  contracts: (count) => `контрактов: ${count}`,
  moreLegs: (count) => `и ещё ${counted(count, "сделка", "сделки", "сделок")}`,
  levels: "уровни",
  bookAge: "возраст стакана",
  rate: "комиссия тейкера",
  capacity: "Оба стакана вмещают",
  expires: (left) => `Без новостей считается ушедшим через ${left}`,
  expired: "Его время вышло",
  identity: "Номер",
  funding: {
    long: "Лонг",
    short: "Шорт",
    spot: "спот, не платит",
    every: (interval) => `каждые ${interval}`,
    anHour: (rate) => `${rate} в час`,
    kinds: { predicted: "прогноз", settled: "последняя выплата" },
    yield: (rate) => `Доходность ${rate} в год до издержек`,
    hours: (hours) => `${hours} ч`,
    horizon: (hours, income, cost) => `За ${hours}: выплаты ${income}, вход и выход ${cost}`,
    paysBack: (evenly, settled) => `Окупится за ${evenly}${settled === null ? "" : `, по выплатам за ${settled}`}`,
    next: (left) => `Следующая выплата через ${left}`,
  },
  technical: {
    signal: "Сигнал",
    signals: {
      rsi_reversal: "сила цены разворачивается",
      macd_cross: "MACD пересекает сигнальную линию",
      volume_surge: "всплеск объёма",
    },
    directions: { buy: "вверх", sell: "вниз" },
    indicators: {
      rsi: "RSI",
      macdHistogram: "гистограмма MACD",
      momentum: "импульс",
      volume: "объём",
      meanVolume: "средний объём",
    },
    names: { rsi: "RSI", macd: "MACD", momentum: "импульс", volume: "объём" },
    confirmed: (names) => `Подтверждают: ${names}`,
    candles: (interval, count) => `Свечи по ${interval}, действует ${counted(count, "свечу", "свечи", "свечей")}`,
  },
  cycle: { capacity: "Все стаканы вмещают", leftOver: "Остаётся из-за шага лота, не в счёт:" },
  buttons: {
    take: "⚡️ Беру",
    details: "Подробнее",
    useful: "👍 Полезно",
    not_useful: "👎 Нет",
    too_late: "⌛️ Поздно",
    mute: "Скрыть пару",
    why: "Почему мне?",
    dismiss: "Убрать",
  },
  batch: {
    title: (count) => counted(count, "возможность", "возможности", "возможностей"),
    gone: (lifetime) => `больше нет, жила ${lifetime}`,
    hint: "Кнопки открывают подробности",
  },
  digest: {
    title: (quiet) => `Пока я молчал (${quiet})`,
    counts: (came, gone) =>
      `Для вас: ${counted(came, "возможность", "возможности", "возможностей")}, ${
        gone === came ? (came === 1 ? "её уже нет" : "ни одной уже нет") : `из них уже нет: ${gone}`
      }.`,
    longest: "Жили дольше всех",
    lived: (lifetime) => `жила ${lifetime}`,
    open: (count) => `Открыты сейчас: ${count}`,
    noneOpen: "Сейчас ничего из этого не открыто.",
  },
}

export const CARD_TEXTS: Readonly<Record<Language, CardTexts>> = { en, ru }
