/**
 * The bot's texts in Russian.
 *
 * In: figures and names.
 * Out: HTML, or plain text for taps.
 * Promises: those of Texts.ts.
 */
import type { Texts } from "./Texts.ts"

const some = (chosen: string, all: string): string => chosen === "" ? all : chosen

export const ru: Texts = {
  units: { ms: "мс", s: "с", min: "мин", h: "ч", d: "д" },
  welcome: (name) =>
    `👋 <b>Добро пожаловать в ArbEdge${name === "" ? "" : `, ${name}`}!</b>\nЯ слежу за биржами и ` +
    `присылаю те немногие арбитражные возможности, которые вам подходят.`,
  welcomeBack: (name) => `👋 <b>С возвращением${name === "" ? "" : `, ${name}`}!</b>\nВаши настройки сохранились.`,
  alreadyActive: "✅ <b>Ваша сессия уже активна.</b>",
  sessionUntil: (until) => `Она действует до <b>${until}</b> и продлевается, когда вы мной пользуетесь.`,
  sent: (shown) =>
    [
      shown.pushEnabled && !shown.doNotDisturb ? "🔔 <b>Вам присылают</b>" : "🔕 <b>Сейчас вам ничего не присылают</b>",
      `• виды: ${shown.types}${shown.highPriorityOnly ? ", только с высоким приоритетом" : ""}`,
      `• от ${shown.minNetBps} bps чистыми`,
      `• биржи: ${some(shown.venues, "все")}`,
      `• пары: ${some(shown.pairs, "все")}${shown.muted === "" ? "" : `, кроме ${shown.muted}`}`,
      `• не больше ${shown.perHour} в час и ${shown.perDay} в день`,
      shown.fromHour === shown.toHour
        ? "• круглосуточно"
        : `• с ${shown.fromHour}:00 до ${shown.toHour}:00 (${shown.timeZone})`,
    ].join("\n"),
  nextSteps: "/opportunities покажет, что открыто сейчас, /help — остальное.",
  consent: "<i>Начиная, вы соглашаетесь получать сообщения. /logout или блокировка сразу их прекращает.</i>",
  help: "<b>ArbEdge</b> находит на криптобиржах арбитражные возможности, которые действительно можно исполнить.",
  helpSession: "Всё, кроме /start и /help, требует сессии; её открывает /start.",
  session: (started, until, left) =>
    `✅ <b>Сессия активна</b>\n• начата ${started}\n• действует до ${until} (осталось ${left}), продлевается при каждом обращении`,
  noSession: {
    none: "🔑 <b>У вас ещё нет сессии.</b> Начните её, и я буду к вашим услугам.",
    expired: "⌛️ <b>Ваша сессия истекла.</b> Настройки сохранены: начните снова, чтобы продолжить.",
    terminated: "🚪 <b>Вы вышли.</b> Настройки сохранены: начните снова, чтобы продолжить.",
  },
  startButton: "Начать снова",
  loggedOut: "🚪 <b>Вы вышли.</b> Больше вам ничего не пришлют. Настройки сохранены.",
  openNow: (fitting, shown) =>
    fitting > shown
      ? `<b>Сейчас вам подходит: ${fitting}.</b> Лучшие ${shown}:`
      : `<b>Сейчас вам подходит: ${fitting}</b>`,
  nothingOpen: "🔍 <b>Прямо сейчас ничего не открыто.</b> Настоящие возможности редки и коротки; я сообщу.",
  nothingFits: (open, why) => `🔍 <b>Подходящего вам сейчас нет.</b> Открыто, но не для вас: ${open} (${why}).`,
  misfits: {
    tier_type: (count) => `${count} не входит в ваш тариф`,
    unwanted_type: (count) => `${count} других видов`,
    below_min_net_bps: (count) => `${count} ниже вашего минимума`,
    unwanted_venue: (count) => `${count} на других биржах`,
    unwanted_pair: (count) => `${count} по другим парам`,
    muted_pair: (count) => `${count} по отключённым парам`,
  },
  unknownCommand: "🤔 Такой команды я не знаю. /help перечислит те, что знаю.",
  notACommand: "Я понимаю команды и кнопки. /help их перечислит.",
  groups: "👥 Пока я служу людям, а не группам. Откройте личный чат со мной и нажмите там «Старт».",
  groupsButton: "Открыть личный чат",
  trouble: "⚠️ То, что мне нужно, сейчас не отвечает. Попробуйте ещё раз через минуту.",
  tapNoSession: {
    none: "У вас ещё нет сессии. Нажмите «Начать снова» под сообщением.",
    expired: "Ваша сессия истекла. Нажмите «Начать снова» под сообщением.",
    terminated: "Вы вышли. Нажмите «Начать снова» под сообщением.",
  },
  tapStarted: "Ваша сессия активна.",
  tapAlreadyActive: "Ваша сессия уже активна.",
  tapGone: "Я больше не помню эту возможность.",
  tapDetails: "Подробности на этот момент.",
  tapMuted: (pair) => `${pair} отключена: её вам больше не пришлют.`,
  tapAlreadyMuted: (pair) => `${pair} уже отключена.`,
  tapMisfit: {
    tier_type: "Ваш тариф больше не включает этот вид.",
    unwanted_type: "С тех пор вы исключили этот вид, следующая не придёт.",
    below_min_net_bps: "Теперь она ниже вашего минимума, снова её бы не прислали.",
    unwanted_venue: "С тех пор вы исключили одну из её бирж, следующая не придёт.",
    unwanted_pair: "С тех пор вы исключили эту пару, следующая не придёт.",
    muted_pair: "С тех пор вы отключили эту пару, следующая не придёт.",
  },
  tapWhy: ({ minNetBps, netBps, tier }) =>
    `Чистыми ${
      netBps === null ? "неизвестно" : `${netBps} bps`
    }, ваш минимум ${minNetBps}. Вид, биржи и пара — из тех, что вы хотите, ` +
    `и ваш тариф (${tier}) их включает.`,
  tapUnknown: "Эта кнопка больше не работает.",
  tapWorking: "Минутку…",
  tapTrouble: "То, что мне нужно, сейчас не отвечает. Попробуйте ещё раз.",
}
