/**
 * The examples, each run as a process of its own by an operator of the generated configuration, against the stages of
 * the service: a recording made by hand (B1 of the worked examples, again and again) goes in as live ticks, and what
 * the examples print is known to the last digit. TypeScript runs on the runtime of the tests, Python where there is one.
 */
import { assert, layer } from "@effect/vitest"
import { Clock, Effect, Layer, Option, Ref } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { Bus } from "../../src/layers/Bus.ts"
import * as NatsBus from "../../src/layers/nats/Bus.ts"
import { StreamTime } from "../../src/layers/StreamTime.ts"
import { analyse, type AnalyseProgress } from "../../src/streams/Analyse.ts"
import { Ingest } from "../../src/streams/Ingest.ts"
import { rulesOf } from "../../src/streams/Judge.ts"
import { ensureStreams } from "../../src/streams/Topology.ts"
import { world } from "../support/actors.ts"
import { describeWith } from "../support/available.ts"
import { eventually } from "../support/eventually.ts"
import { operatorsServer, passwordOf } from "../support/natsOperators.ts"
import { natsServer } from "../support/natsServer.ts"
import { natsPy, python } from "../support/python.ts"
import { book, configOf, quote } from "../support/ticks.ts"

const folder = fileURLToPath(new URL("../../examples/", import.meta.url))
const filesIn = (path: string, ending: string) =>
  readdirSync(folder + path).filter((name) => name.endsWith(ending)).map((name) => path + name)

const config = configOf({
  fees: { kraken: { taker: "0.001" }, okx: { taker: "0.001" } },
  minNetBps: 5,
  hysteresis: true,
})
const PAIR = "BTC/USDT"
const ASKS = [["30000", "0.4"], ["30010", "0.6"], ["30050", "2"]] as const
const BIDS = [["30120", "0.5"], ["30100", "0.3"], ["30060", "1"]] as const
const POOR_BIDS = [["29990", "0.5"]] as const
const POOR_ASKS = [["30130", "1"]] as const
/** An opportunity is there for as many turns, then gone for as many: longer than the half second it takes to close. */
const TURNS = 8
const TURN = "200 millis"

/** B1 for some turns, then prices that agree, for ever. */
const feeding = Effect.gen(function* () {
  const ingest = yield* Ingest
  for (let turn = 0;; turn++) {
    const now = yield* Clock.currentTimeMillis, bids = Math.floor(turn / TURNS) % 2 === 0 ? BIDS : POOR_BIDS
    yield* ingest.ticks([
      book("kraken", PAIR, now, { bids: [["29980", "1"]], asks: ASKS }),
      quote("kraken", PAIR, now, ["29980", "30000"]),
      book("okx", PAIR, now, { bids, asks: POOR_ASKS }),
    ])
    yield* Effect.sleep(TURN)
  }
})

/** Server, ingest and analysis, fed; out: the environment in which an example is the operator `quant`. */
const service = Effect.gen(function* () {
  const granted = { venues: "all", types: "all", history: true, limits: { connections: 32 } }
  const server = yield* operatorsServer([{ name: "quant", ...granted }])
  const bus = Layer.effectDiscard(ensureStreams).pipe(Layer.provideMerge(NatsBus.layer({ url: server.serviceUrl })))
  const stages = yield* Layer.build(
    Layer.mergeAll(
      Ingest.layer({ writer: "example.1", source: "recorded", live: true }),
      Layer.succeed(StreamTime, StreamTime.ignored),
    ).pipe(Layer.provideMerge(bus)),
  )
  const progress = yield* Ref.make(Option.none<AnalyseProgress>())
  const analysing = analyse({ config, judging: rulesOf(config), owner: "example", progress, before: () => Effect.void })
  yield* Effect.forkScoped(Effect.provide(analysing, stages))
  yield* Effect.forkScoped(Effect.provide(feeding, stages))
  const stored = Effect.provide(Bus.use((bus) => bus.streamState("OPP")), stages)
  yield* eventually(stored, ({ messages }) => messages >= 2, "60 seconds")
  return { NATS_URL: `nats://${server.at}`, NATS_USER: "quant", NATS_PASSWORD: passwordOf("quant") }
})

/** What a process printed; it fails with what it complained of. */
const printed = (command: string, args: ReadonlyArray<string>, environment: Readonly<Record<string, string>>) =>
  Effect.callback<string>((resume) => {
    const child = spawn(command, args, { cwd: folder, env: { ...process.env, ...environment } })
    let out = "", complaint = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => void (out += text))
    child.stderr.setEncoding("utf8").on("data", (text: string) => void (complaint += text))
    child.once("close", (code) => resume(code === 0 ? Effect.succeed(out) : Effect.die(new Error(complaint))))
    return Effect.sync(() => void child.kill("SIGKILL"))
  })

const runtime = "deno" in process.versions ? ["run", "-A", "--quiet"] : []
const ID = "[0-9a-f]{32}"
const NET = /net 37\.906 USDT, 15\.7758 bps, score [\d.]+\n/

/** Each example in both languages says the same. */
const sayings: ReadonlyArray<readonly [typescript: string, python: string, args: ReadonlyArray<string>, says: RegExp]> =
  [
    ["FollowQuotes", "follow_quotes", ["2"], /^(kraken BTC\/USDT 29980 \/ 30000\n){2}$/],
    [
      "FollowOpportunities",
      "follow_opportunities",
      ["1", "opp.v1.cross_exchange.BTC-USDT.opened"],
      new RegExp(
        `^opened cross_exchange ${ID} revision 1: buy 0\\.8 BTC/USDT on kraken at 30005, ` +
          `sell 0\\.8 BTC/USDT on okx at 30112\\.5\n  ${NET.source}$`,
      ),
    ],
    [
      "Resume",
      "resume",
      ["2", "3"],
      new RegExp(`^2 fading (${ID}) revision 2\n3 closed \\1 revision 3\n4 opened ${ID} revision 1\n$`),
    ],
    [
      "LastBook",
      "last_book",
      ["kraken.spot.BTC-USDT"],
      new RegExp(
        "^kraken BTC/USDT of 2\\d{3}-[-T:.\\d]+(Z|\\+00:00)\n  bids 1 at 29980\n" +
          "  asks 0\\.4 at 30000, 0\\.6 at 30010, 2 at 30050\n$",
      ),
    ],
    [
      "Recompute",
      "recompute",
      ["1"],
      new RegExp(`^${ID}: told 37\\.906 USDT, 15\\.7758 bps\nrecomputed 37\\.906 USDT, 15\\.7758 bps\n$`),
    ],
  ]

/** The lines of the guide for the `nats` CLI, where there is one: they end well and say something. */
const natsCommands = (environment: Readonly<Record<string, string>>) => {
  if (spawnSync("nats", ["--version"]).status !== 0) return []
  const guide = readFileSync(`${folder}../docs/guides/operators.md`, "utf8")
  const lines = [...guide.matchAll(/^nats ((?:sub|stream|kv|req) .*)$/gm)].map(([, line = ""]) => line)
  assert.lengthOf(lines, 5)
  const login =
    `--server "$NATS_URL" --user quant --password "$NATS_PASSWORD" --inbox-prefix _INBOX_quant --js-domain arbedge`
  return lines.map((line) => {
    const once = line.startsWith("sub ") ? `${line} --count 1` : line.replace("OPP 17", "OPP 1")
    return { what: `nats ${line}`, run: printed("sh", ["-c", `nats ${login} ${once}`], environment), says: /\S/ }
  })
}

describeWith(natsServer, "The examples", () => {
  layer(world, { excludeTestServices: true, timeout: "240 seconds" })((it) => {
    it.effect("print what a local service tells, in TypeScript and in Python", () =>
      Effect.gen(function* () {
        const environment = yield* service
        const typescript = sayings.map(([name, , args, says]) => ({
          what: `${name}.ts`,
          run: printed(process.execPath, [...runtime, `${name}.ts`, ...args], environment),
          says,
        }))
        const withNatsPy = natsPy === null ? [] : sayings.map(([, name, args, says]) => ({
          what: `python/${name}.py`,
          run: printed("python3", [`python/${name}.py`, ...args], { ...environment, ...natsPy }),
          says,
        }))
        const plain = (args: ReadonlyArray<string>) =>
          printed("python3", ["python/plain_socket.py", ...args], environment)
        const onPlainSocket = python.available
          ? [
            {
              what: "plain_socket.py follow",
              run: plain(["follow", "md.v1.kraken.spot.BTC-USDT.quote", "2"]),
              says: /^(md\.v1\.kraken\.spot\.BTC-USDT\.quote \{.*"bid":"29980".*\}\n){2}$/,
            },
            {
              what: "plain_socket.py ask",
              run: plain(["ask", "$JS.arbedge.API.STREAM.MSG.GET.OPP", '{"seq":1}']),
              says: /^_INBOX_quant\.\w+ \{.*"subject":"opp\.v1\.cross_exchange\.BTC-USDT\.opened".*\}\n$/,
            },
          ]
          : []
        const ran = [...typescript, ...withNatsPy, ...onPlainSocket, ...natsCommands(environment)]
        yield* Effect.forEach(
          ran,
          ({ run, says, what }) => Effect.map(run, (text) => assert.match(text, says, what)),
          { concurrency: 4, discard: true },
        )
        yield* Effect.logInfo(`ran ${ran.map(({ what }) => what).join(", ")}`)
      }), 240_000)
  })

  layer(Layer.empty)((it) => {
    it.effect("have less than 40 lines each, and TypeScript knows no code of ours", () =>
      Effect.sync(() => {
        for (const name of [...filesIn("", ".ts"), ...filesIn("python/", ".py")]) {
          const text = readFileSync(folder + name, "utf8")
          assert.isBelow(text.trimEnd().split("\n").length, 40, name)
          for (const [, from = ""] of text.matchAll(/from "([^"]+)"/g)) assert.match(from, /^(node:|@nats-io\/)/, name)
        }
      }))
  })
})
