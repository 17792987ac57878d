/**
 * The bot's texts in English.
 *
 * In: figures and names.
 * Out: HTML, or plain text for taps.
 * Promises: those of Texts.ts.
 */
import type { Texts } from "./Texts.ts"

const some = (chosen: string, all: string): string => chosen === "" ? all : chosen

export const en: Texts = {
  units: { ms: "ms", s: "s", min: "min", h: "h", d: "d" },
  welcome: (name) =>
    `👋 <b>Welcome to ArbEdge${name === "" ? "" : `, ${name}`}!</b>\nI watch exchanges and send you ` +
    `the few arbitrage opportunities that fit you.`,
  welcomeBack: (name) =>
    `👋 <b>Welcome back${name === "" ? "" : `, ${name}`}!</b>\nYour settings are as you left them.`,
  alreadyActive: "✅ <b>Your session is active already.</b>",
  sessionUntil: (until) => `It lasts until <b>${until}</b> and is extended whenever you use me.`,
  sent: (shown) =>
    [
      shown.pushEnabled && !shown.doNotDisturb ? "🔔 <b>Sent to you</b>" : "🔕 <b>Nothing is sent to you now</b>",
      `• kinds: ${shown.types}${shown.highPriorityOnly ? ", high priority only" : ""}`,
      `• from ${shown.minNetBps} bps net`,
      `• venues: ${some(shown.venues, "all")}`,
      `• pairs: ${some(shown.pairs, "all")}${shown.muted === "" ? "" : `, but not ${shown.muted}`}`,
      `• at most ${shown.perHour} an hour and ${shown.perDay} a day`,
      shown.fromHour === shown.toHour
        ? "• around the clock"
        : `• between ${shown.fromHour}:00 and ${shown.toHour}:00 (${shown.timeZone})`,
    ].join("\n"),
  nextSteps: "/opportunities shows what is open now, /help the rest.",
  consent: "<i>By starting you agree to be sent messages. /logout or blocking me stops them at once.</i>",
  help: "<b>ArbEdge</b> finds arbitrage opportunities between crypto exchanges that could really be executed.",
  helpSession: "All but /start and /help need a session, which /start opens.",
  session: (started, until, left) =>
    `✅ <b>Session active</b>\n• started ${started}\n• lasts until ${until} (${left} left), extended by every use`,
  noSession: {
    none: "🔑 <b>You have no session yet.</b> Start one, and I can serve you.",
    expired: "⌛️ <b>Your session has expired.</b> Your settings are kept: start again to go on.",
    terminated: "🚪 <b>You are logged out.</b> Your settings are kept: start again to go on.",
  },
  startButton: "Start again",
  loggedOut: "🚪 <b>You are logged out.</b> Nothing more will be sent to you. Your settings are kept.",
  openNow: (fitting, shown) =>
    fitting > shown
      ? `<b>${fitting} opportunities fit you now.</b> The best ${shown}:`
      : fitting === 1
      ? "<b>One opportunity fits you now:</b>"
      : `<b>${fitting} opportunities fit you now:</b>`,
  nothingOpen: "🔍 <b>Nothing is open right now.</b> Real opportunities are rare and short; I will tell you.",
  nothingFits: (open, why) =>
    `🔍 <b>Nothing that fits you is open right now.</b> Open, but not for you: ${open} (${why}).`,
  misfits: {
    tier_type: (count) => `${count} not in your plan`,
    unwanted_type: (count) => `${count} of kinds you did not choose`,
    below_min_net_bps: (count) => `${count} under your minimum`,
    unwanted_venue: (count) => `${count} on venues you did not choose`,
    unwanted_pair: (count) => `${count} of pairs you did not choose`,
    muted_pair: (count) => `${count} of pairs you muted`,
  },
  unknownCommand: "🤔 I do not know this command. /help lists those I do.",
  notACommand: "I understand commands and buttons. /help lists them.",
  groups: "👥 I serve people, not groups, for now. Open a private chat with me and press Start there.",
  groupsButton: "Open a private chat",
  trouble: "⚠️ Something I need does not answer right now. Please try again in a minute.",
  tapNoSession: {
    none: "You have no session yet. Press “Start again” below the message.",
    expired: "Your session has expired. Press “Start again” below the message.",
    terminated: "You are logged out. Press “Start again” below the message.",
  },
  tapStarted: "Your session is active.",
  tapAlreadyActive: "Your session is active already.",
  tapGone: "I no longer remember this opportunity.",
  tapDetails: "Details as of now.",
  tapMuted: (pair) => `${pair} is muted: you are not sent it any more.`,
  tapAlreadyMuted: (pair) => `${pair} is muted already.`,
  tapMisfit: {
    tier_type: "Your plan does not include this kind any more.",
    unwanted_type: "You have since left this kind out, so the next one will not come.",
    below_min_net_bps: "By now it is under your minimum, so it would not be sent again.",
    unwanted_venue: "You have since left out one of its venues, so the next one will not come.",
    unwanted_pair: "You have since left this pair out, so the next one will not come.",
    muted_pair: "You have since muted this pair, so the next one will not come.",
  },
  tapWhy: ({ minNetBps, netBps, tier }) =>
    `Net ${
      netBps === null ? "unknown" : `${netBps} bps`
    }, your minimum is ${minNetBps}. Its kind, venues and pair are among those you want, ` +
    `and your plan (${tier}) includes them.`,
  tapUnknown: "This button no longer works.",
  tapWorking: "One moment…",
  tapTrouble: "Something I need does not answer right now. Please try again.",
}
