/**
 * `arbedge nats`: credentials that are shown once, and a server's configuration that holds none of them.
 *
 * In: an operators file made of what `credential` printed. Out: what `config` writes, for its owner alone, and what it
 * says of a file that is wrong. That nats-server takes it and holds to it: test/programs/NatsConfig.test.ts.
 */
import { assert, describe, it } from "@effect/vitest"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem, Schema } from "effect"
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Operator from "../../../src/domain/Operator.ts"
import { describeWith } from "../../support/available.ts"
import { natsServer } from "../../support/natsServer.ts"
import { arbedge } from "./inProcess.ts"

const folder = FileSystem.FileSystem.use((files) => files.makeTempDirectoryScoped({ prefix: "arbedge-nats-cli-" }))
  .pipe(
    Effect.provide(NodeServices.layer),
  )

const Made = Schema.Struct({
  name: Schema.String,
  password: Schema.optionalKey(Schema.String),
  seed: Schema.optionalKey(Schema.String),
  credential: Schema.Record(Schema.String, Schema.String),
})
const made = (...args: ReadonlyArray<string>) =>
  Effect.flatMap(
    arbedge(["nats", "credential", ...args, "--json"]),
    ({ stdout }) => Schema.decodeUnknownEffect(Schema.fromJsonString(Made))(stdout),
  )

/** An operators file for the service and two operators, and their secrets. */
const operatorsFile = Effect.gen(function* () {
  const path = join(yield* folder, "operators.json")
  const service = yield* made("arbedge"), quant = yield* made("quant"), desk = yield* made("desk-1", "--nkey")
  const operators = [
    { name: quant.name, credential: quant.credential, venues: "all", types: "all", history: true },
    { name: desk.name, credential: desk.credential, venues: ["kraken"] },
  ]
  writeFileSync(path, JSON.stringify({ service: service.credential, operators }))
  return { path, secrets: [service.password ?? "", quant.password ?? "", desk.seed ?? ""] }
})

describe("arbedge nats", () => {
  it.live("shows a new secret once, beside the line for the operators file, which does not hold it", () =>
    Effect.gen(function* () {
      const password = yield* arbedge(["nats", "credential", "quant"])
      const [secret = "", line = ""] = password.stdout.split("\n")
      assert.match(secret, /^password: [\w-]{43}$/)
      assert.match(line, /^\{"name":"quant","credential":\{"bcrypt":"\$2a\$11\$.{53}"\}\}$/)
      assert.notInclude(password.stderr + line, secret.slice("password: ".length))
      const key = yield* arbedge(["nats", "credential", "desk-1", "--nkey"])
      assert.match(key.stdout, /^seed: SU[A-Z2-7]{56}\n\{"name":"desk-1","credential":\{"nkey":"U[A-Z2-7]{55}"\}\}$/)
      for (const args of [["Desk"], ["arbedge", "--nkey"]]) {
        assert.strictEqual((yield* arbedge(["nats", "credential", ...args])).code, 2)
      }
    }))

  it.live("writes the configuration for its owner alone, without a secret, and the same for the same operators", () =>
    Effect.gen(function* () {
      const { path, secrets } = yield* operatorsFile, out = `${path}.conf`
      writeFileSync(out, "of before", { mode: 0o644 })
      const written = yield* arbedge(["nats", "config", "--operators", path, "--out", out])
      assert.strictEqual(written.code, 0)
      assert.strictEqual(statSync(out).mode & 0o777, 0o600)
      assert.isFalse(existsSync(`${out}.part`))
      const text = readFileSync(out, "utf8")
      for (const secret of secrets) assert.notInclude(text + written.stdout + written.stderr, secret)
      assert.include(written.stdout, "md.v1.kraken.>")
      assert.include(written.stdout, "_INBOX_desk-1.>")
      assert.strictEqual((yield* arbedge(["nats", "config", "--operators", path])).stdout, text)
      const granted = yield* arbedge(["nats", "config", "--operators", path, "--json"])
      assert.deepInclude(JSON.parse(granted.stdout)[0], { name: "quant", inboxPrefix: "_INBOX_quant" })
    }))

  it.live("says what is wrong in the operators file and where, ends with 2, and writes nothing", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "operators.json"), out = `${path}.conf`
      writeFileSync(path, JSON.stringify({ operators: [{ name: "quant", venues: ["*"] }] }))
      for (const file of [path, `${path}.absent`]) {
        const refused = yield* arbedge(["nats", "config", "--operators", file, "--out", out])
        assert.strictEqual(refused.code, 2)
        assert.include(refused.stderr, file)
      }
      const { stderr } = yield* arbedge(["nats", "config", "--operators", path, "--out", out])
      assert.include(stderr, '["operators"][0]["venues"][0]')
      assert.include(stderr, '["service"]')
      assert.isFalse(existsSync(out))
    }))
})

describe("The guide for operators", () => {
  const guide = readFileSync(new URL("../../../docs/guides/operators.md", import.meta.url), "utf8")

  it.effect("shows an operators file that is accepted, and tells the defaults that are taken", () =>
    Effect.gen(function* () {
      const shown = /```json\n([\s\S]*?)```/.exec(guide)?.[1] ?? ""
      const filled = shown.replaceAll("$2a$11$...", `$2a$11$${"a".repeat(53)}`).replaceAll("U...", `U${"A".repeat(55)}`)
      const { maxPendingBytes, operators: [quant, desk], storeDir, writeDeadlineMs } = yield* Operator.fromUnknown(
        JSON.parse(filled),
      )
      const { connections, payloadBytes, subscriptions } = quant?.limits ?? assert.fail("nobody")
      assert.include(
        guide,
        `\`connections\` (${connections}), \`subscriptions\` of all of them (${subscriptions}), ` +
          `\`payloadBytes\` of a request (${payloadBytes})`,
      )
      assert.include(guide, `\`storeDir\` (\`${storeDir}\`)`)
      assert.include(guide, `\`writeDeadlineMs\` (${writeDeadlineMs})`)
      assert.include(guide, `\`maxPendingBytes\` (${maxPendingBytes / 1_048_576} MB)`)
      assert.strictEqual(desk?.limits.connections, 2)
    }))
})

describeWith(natsServer, "The configuration that arbedge nats writes", () => {
  it.live("is one that nats-server takes", () =>
    Effect.gen(function* () {
      const { path } = yield* operatorsFile, out = `${path}.conf`
      yield* arbedge(["nats", "config", "--operators", path, "--out", out])
      assert.strictEqual(spawnSync("nats-server", ["--config", out, "-t"]).status, 0)
    }))
})
