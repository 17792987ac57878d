/**
 * `deno task bench [name...] [--passes N] [--json]`: the paired benchmarks of docs/guides/benchmarks.md.
 *
 * In: names, or beginnings of names; none are all. Out: a table each, or with --json one object a line; progress goes to
 * standard error. Exit codes: 0 done (whatever the figures), 1 failed, 2 wrong usage.
 */
import "../src/layers/denoFibers.ts"
import process from "node:process"
import { parseArgs } from "node:util"
import { Effect } from "effect"
import { archive } from "./Archive.ts"
import { audience } from "./Audience.ts"
import { confidence } from "./Confidence.ts"
import { delivery } from "./Delivery.ts"
import { durableIngest } from "./DurableIngest.ts"
import { flooding } from "./Flood.ts"
import { frameDetect } from "./FrameDetect.ts"
import { marketAccess } from "./MarketAccess.ts"
import { natsDowntime } from "./NatsDowntime.ts"
import { liveSubject } from "./LiveSubject.ts"
import { runPaired } from "./Paired.ts"
import { queueClaim } from "./QueueClaim.ts"
import { recordingDetect } from "./RecordingDetect.ts"
import { replaySpeed } from "./ReplaySpeed.ts"
import { sessions } from "./Sessions.ts"
import { tableOf } from "./Report.ts"
import { stalledSubscriber } from "./StalledSubscriber.ts"
import { tickToAccepted } from "./TickToAccepted.ts"
import { triangular } from "./Triangular.ts"
import { twoWorkers } from "./TwoWorkers.ts"
import { userCache } from "./UserCache.ts"
import { validationLog } from "./ValidationLog.ts"

const ALL = [
  ...archive,
  ...durableIngest,
  ...recordingDetect,
  ...twoWorkers,
  ...frameDetect,
  ...tickToAccepted,
  ...sessions,
  ...flooding,
  ...triangular,
  ...marketAccess,
  ...validationLog,
  ...confidence,
  ...audience,
  ...queueClaim,
  ...delivery,
  ...liveSubject,
  ...replaySpeed,
  ...stalledSubscriber,
  ...userCache,
  ...natsDowntime,
]
const DEFAULT_PASSES = 10

const usage = (why: string): never => {
  console.error(`${why}\nusage: bench [name...] [--passes N] [--json]\nnames: ${ALL.map(({ name }) => name).join(" ")}`)
  process.exit(2)
}

const read = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        passes: { type: "string", default: String(DEFAULT_PASSES) },
        json: { type: "boolean", default: false },
      },
    })
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error))
  }
}

const { positionals, values } = read()
const passes = Number(values.passes)
if (!Number.isSafeInteger(passes) || passes < 1) usage(`--passes ${values.passes}: a number from 1`)
const exact = (name: string) => ALL.filter((benchmark) => benchmark.name === name)
const wanted = positionals.length === 0 ? ALL : positionals.flatMap((name) => {
  const found = exact(name).length > 0 ? exact(name) : ALL.filter((benchmark) => benchmark.name.startsWith(name))
  return found.length > 0 ? found : usage(`no benchmark is called ${name}`)
})

const program = Effect.forEach(
  wanted,
  (benchmark) =>
    Effect.map(runPaired(benchmark, passes, (line) => console.error(line)), (result) => {
      console.log(values.json ? JSON.stringify(result) : tableOf(result))
    }),
  { discard: true },
)

Effect.runPromise(program).then(() => process.exit(0), (error) => {
  console.error(error)
  process.exit(1)
})
