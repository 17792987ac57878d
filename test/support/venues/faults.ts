/**
 * What can go wrong on the wire, as functions on the steps a fake venue plays.
 * Comes in: frames of one channel and the index of the frame to spoil. Goes out: steps.
 * Promises: everything before the fault is played clean; what a fault loses stays in the venue's history, so a client
 * that resynchronises gets it.
 */
import type { Step } from "./FakeVenue.ts"
import type { Frame } from "./VenueScript.ts"

/** Plays every frame as it is. */
export const clean = (frames: ReadonlyArray<Frame>): ReadonlyArray<Step> =>
  frames.map((frame) => ({ kind: "send", frame }))

/** Plays the frames, but the one at `at` becomes what `spoil` makes of it. */
const spoiling = (frames: ReadonlyArray<Frame>, at: number, spoil: (frame: Frame) => ReadonlyArray<Step>) =>
  frames.flatMap((frame, index): ReadonlyArray<Step> => index === at ? spoil(frame) : [{ kind: "send", frame }])

/** The frame never arrives. */
export const gap = (frames: ReadonlyArray<Frame>, at: number): ReadonlyArray<Step> =>
  spoiling(frames, at, (frame) => [{ kind: "skip", frame }])

/** The frame arrives twice. */
export const duplicate = (frames: ReadonlyArray<Frame>, at: number): ReadonlyArray<Step> =>
  spoiling(frames, at, (frame) => [
    { kind: "send", frame },
    { kind: "say", channel: frame.channel, text: frame.text },
  ])

/** The frame arrives after the one that follows it. */
export const reorder = (frames: ReadonlyArray<Frame>, at: number): ReadonlyArray<Step> => {
  const [first, second] = [frames[at], frames[at + 1]]
  if (first === undefined || second === undefined) return clean(frames)
  return [
    ...clean(frames.slice(0, at)),
    { kind: "send", frame: first, text: second.text },
    { kind: "send", frame: second, text: first.text },
    ...clean(frames.slice(at + 2)),
  ]
}

/** The connection is cut before the frame. */
export const cut = (frames: ReadonlyArray<Frame>, at: number): ReadonlyArray<Step> =>
  spoiling(frames, at, (frame) => [{ kind: "cut" }, { kind: "send", frame }])

/** The frame arrives changed. */
export const replaced = (frames: ReadonlyArray<Frame>, at: number, change: (text: string) => string) =>
  spoiling(frames, at, (frame) => [{ kind: "send", frame, text: change(frame.text) }])

/** Something that is no frame of the venue arrives before the frame. */
export const inserted = (frames: ReadonlyArray<Frame>, at: number, text: (frame: Frame) => string) =>
  spoiling(frames, at, (frame) => [
    { kind: "say", channel: frame.channel, text: text(frame) },
    { kind: "send", frame },
  ])

/** The last third of the text is missing. */
export const truncate = (text: string): string => text.slice(0, Math.floor(text.length * 2 / 3))

/** The frame also sets the prototype of whatever it is merged into. */
export const withProto = (text: string): string => text.replace("{", '{"__proto__":{"polluted":true},')

/** The first decimal number (quoted or bare) becomes one no double can hold. */
export const withHugeNumber = (text: string): string => text.replace(/"?\d+\.\d+"?/, "1e400")

/** The first decimal number becomes negative. */
export const withNegative = (text: string): string => text.replace(/("?)(\d+\.\d+)/, "$1-$2")

/** The text is padded with blanks to `bytes`; it stays valid JSON. */
export const padded = (text: string, bytes = 20 * 1024 * 1024): string =>
  text.slice(0, -1) + " ".repeat(Math.max(0, bytes - text.length)) + "}"
