/**
 * The files that set the project up and deploy it, checked by parsing: no Docker engine is needed, and none is used.
 * Comes in: docker-compose.yml, Dockerfile, .dockerignore, .env.example. Goes out: what would break on `docker compose up`.
 * Promises: what one of these files refers to exists, and what they say about each other agrees.
 */
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8")
const present = (path: string) => existsSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)))

const Texts = Schema.Array(Schema.String)
const Service = Schema.Struct({
  image: Schema.String,
  build: Schema.optionalKey(Schema.String),
  restart: Schema.String,
  command: Schema.optionalKey(Texts),
  volumes: Schema.optionalKey(Texts),
  ports: Schema.optionalKey(Texts),
  env_file: Schema.optionalKey(Schema.String),
  environment: Schema.Record(Schema.String, Schema.String).pipe(Schema.optionalKey),
  healthcheck: Schema.Struct({
    test: Schema.optionalKey(Texts),
    retries: Schema.optionalKey(Schema.Int),
    disable: Schema.optionalKey(Schema.Boolean),
  }),
  depends_on: Schema.Record(Schema.String, Schema.Struct({ condition: Schema.String })).pipe(Schema.optionalKey),
})
const Compose = Schema.Struct({
  services: Schema.Record(Schema.String, Service),
  volumes: Schema.Record(Schema.String, Schema.Null),
})

const compose = Schema.decodeUnknownSync(Compose)(parse(read("docker-compose.yml")))
const services = Object.entries(compose.services)

/** The Dockerfile's instructions, continuation lines joined, without comments. */
const dockerfile = read("Dockerfile")
  .replace(/\\\n/g, " ")
  .split("\n")
  .filter((line) => line.trim() !== "" && !line.startsWith("#"))
  .map((line) => ({ instruction: line.split(" ", 1)[0] ?? "", rest: line.slice(line.indexOf(" ") + 1).trim() }))
const instructions = (name: string) =>
  dockerfile.filter(({ instruction }) => instruction === name).map(({ rest }) => rest)

const exactVersion = /:v?\d+\.\d+\.\d+(-[\w.]+)?$/

describe("docker-compose.yml", () => {
  it("runs Postgres with pgvector, NATS with JetStream, and ArbEdge from the Dockerfile", () => {
    expect(Object.keys(compose.services)).toEqual(["postgres", "nats", "migrate", "arbedge"])
    expect(compose.services["postgres"]?.image).toMatch(/^pgvector\/pgvector:.*pg(1[5-9]|[2-9]\d)$/)
    expect(compose.services["nats"]?.command).toContain("--jetstream")
    expect(compose.services["arbedge"]?.build).toBe(".")
  })

  it("pins every image that it does not build", () => {
    for (const [name, { image, build }] of services) {
      if (build === undefined) expect(image, name).toMatch(exactVersion)
    }
  })

  it("checks the health of every service that stays up", () => {
    for (const [name, { healthcheck, restart }] of services) {
      if (restart === "no") expect(healthcheck.disable, name).toBe(true)
      else expect(healthcheck.test?.[0], name).toBe("CMD")
    }
  })

  it("waits for the health of what a service needs, and for the migration to succeed", () => {
    expect(compose.services["arbedge"]?.depends_on).toEqual({
      postgres: { condition: "service_healthy" },
      nats: { condition: "service_healthy" },
      migrate: { condition: "service_completed_successfully" },
    })
    for (const [, { depends_on }] of services) {
      for (const needed of Object.keys(depends_on ?? {})) expect(Object.keys(compose.services)).toContain(needed)
    }
  })

  it("keeps data in named volumes only, each declared and each used", () => {
    const used = services.flatMap(([, { volumes }]) => volumes ?? []).map((volume) => volume.split(":")[0])
    expect(used.toSorted()).toEqual(Object.keys(compose.volumes).toSorted())
  })

  it("opens ports to this machine only", () => {
    for (const [, { ports }] of services) for (const port of ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/)
  })

  it("takes its variables from .env, each of which .env.example explains", () => {
    const names = [...read("docker-compose.yml").matchAll(/\$\{(\w+)/g)].map(([, name]) => name)
    expect(names.length).toBeGreaterThan(0)
    for (const name of names) expect(read(".env.example")).toMatch(new RegExp(`^${name}=`, "m"))
    expect(compose.services["arbedge"]?.env_file).toBe(".env")
  })

  it("points ArbEdge at the services by their names", () => {
    const { ARBEDGE_NATS_URL, ARBEDGE_POSTGRES_URL } = compose.services["arbedge"]?.environment ?? {}
    expect(ARBEDGE_NATS_URL).toBe("nats://nats:4222")
    expect(ARBEDGE_POSTGRES_URL).toMatch(/@postgres:5432\/arbedge$/)
    expect(compose.services["migrate"]?.environment).toEqual(compose.services["arbedge"]?.environment)
  })
})

describe("Dockerfile", () => {
  it("builds on the Deno that the README and package.json name", () => {
    const [image = ""] = instructions("FROM")
    expect(image).toMatch(/^denoland\/deno:\d+\.\d+\.\d+$/)
    const version = image.slice(image.indexOf(":") + 1)
    const named = [...(read("README.md") + read("package.json")).matchAll(/deno@(\d+\.\d+\.\d+)/g)].map(([, found]) =>
      found
    )
    expect(new Set(named)).toEqual(new Set([version]))
  })

  it("copies only what exists, and .dockerignore lets through all of it", () => {
    const ignore = read(".dockerignore").split("\n")
    expect(ignore).toContain("*")
    for (const copied of instructions("COPY").flatMap((rest) => rest.split(/\s+/).slice(0, -1))) {
      expect(present(copied), copied).toBe(true)
      expect(ignore, copied).toContain(`!${copied}`)
    }
  })

  it("installs by the lock file and runs without root rights", () => {
    expect(instructions("RUN")[0]).toContain("deno install --frozen")
    expect(instructions("USER")).toEqual(["deno"])
  })

  it("runs, and checks the health of, the program that docker-compose.yml checks", () => {
    const [entry = "[]"] = instructions("ENTRYPOINT")
    const [health = ""] = instructions("HEALTHCHECK")
    const start: ReadonlyArray<string> = Schema.decodeUnknownSync(Schema.fromJsonString(Texts))(entry)
    const check = Schema.decodeUnknownSync(Schema.fromJsonString(Texts))(health.slice(health.indexOf("[")))
    expect(present(start.at(-1) ?? "")).toBe(true)
    expect(check.slice(0, start.length)).toEqual(start)
    expect(["CMD", ...check]).toEqual(compose.services["arbedge"]?.healthcheck.test)
  })

  it("keeps the embedded store's folder where docker-compose.yml mounts its volume", () => {
    const [volume] = instructions("VOLUME")
    expect(compose.services["arbedge"]?.volumes).toEqual([`arbedge-data:${volume}`])
  })
})

describe(".env.example", () => {
  it("holds no secret, and one line of explanation before each variable", () => {
    const lines = read(".env.example").split("\n")
    const variables = lines.filter((line) => /^#?ARBEDGE_\w+=/.test(line))
    expect(variables.length).toBeGreaterThanOrEqual(5)
    for (const variable of variables) expect(lines[lines.indexOf(variable) - 1]).toMatch(/^# \S/)
    expect(variables.filter((line) => !line.startsWith("#"))).toEqual(["ARBEDGE_POSTGRES_PASSWORD="])
  })
})
