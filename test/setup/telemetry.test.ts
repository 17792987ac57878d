/**
 * What is shown of the product's insides, held together: sources, the guide's table, alert rules, dashboard and scaling.
 *
 * Comes in: every metric that stands in the sources. Goes out: with ARBEDGE_UPDATE_DOCS=1 the guide's table, written anew;
 * else a failure where one of them names what another does not have. promtool judges too, where it is installed.
 */
import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { parse, parseAllDocuments } from "yaml"
import { FROM_EFFECT, LABELS, PREFIX } from "../../src/domain/MetricNames.ts"

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const read = (path: string) => readFileSync(at(path), "utf8")

const sources = readdirSync(at("src"), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))
  .toSorted().map((name) => ({ name, text: read(`src/${name}`) }))

interface Counted {
  readonly name: string
  readonly kind: string
  readonly description: string
}

const METRIC =
  /Metric\.(counter|gauge|histogram|frequency|summary|timer)\(\s*([^,)]+)(?:,\s*\{\s*description:\s*((?:"[^"]*"[\s+]*)+))?/g

const written: ReadonlyArray<Counted> = sources.flatMap(({ text }) =>
  [...text.matchAll(METRIC)].map(([, kind = "", name = "", description = ""]) => ({
    kind,
    name: name.replaceAll('"', "").trim(),
    description: [...description.matchAll(/"([^"]*)"/g)].map(([, part]) => part).join(""),
  }))
)
const fromEffect = [...FROM_EFFECT.values()].map((shown) => ({ ...shown, kind: "gauge" }))
const metrics = [...new Map([...written, ...fromEffect].map((metric) => [metric.name, metric])).values()]
  .toSorted((a, b) => a.name < b.name ? -1 : 1)

/** Everything Prometheus knows of a metric. */
const known = new Set(
  metrics.flatMap(({ kind, name }) =>
    (kind === "histogram" ? ["_bucket", "_sum", "_count"] : [""]).map((suffix) => `${PREFIX}_${name}${suffix}`)
  ),
)

const unknownIn = (expression: string, more: ReadonlySet<string> = new Set()): ReadonlyArray<string> =>
  [...expression.matchAll(/\barbedge[_:][a-zA-Z0-9_:]+/g)].map(([name]) => name)
    .filter((name) => !known.has(name) && !more.has(name))

const GUIDE = "docs/guides/telemetry.md"
const table = `\n| Metric | Kind | What it says |\n|---|---|---|\n${
  metrics.map(({ description, kind, name }) =>
    `| \`${PREFIX}_${name}\` | ${kind} | ${description.replaceAll("|", "\\|")} |`
  )
    .join("\n")
}\n`
const PLACE = /(<!-- metrics:[^>]*-->\n)[\s\S]*?(\n<!-- end of metrics -->)/

describe("The metrics of the sources", () => {
  it("stand in the guide, each of them", () => {
    const guide = read(GUIDE)
    expect(guide, "the table's place is gone").toMatch(PLACE)
    const fresh = guide.replace(PLACE, (_, before, after) => before + table + after)
    if (process.env["ARBEDGE_UPDATE_DOCS"] === "1") writeFileSync(at(GUIDE), fresh)
    expect(read(GUIDE), "stale: run this test with ARBEDGE_UPDATE_DOCS=1").toBe(fresh)
    expect(metrics.length).toBeGreaterThan(60)
  })

  it("say what they are, in the units and endings of Prometheus", () => {
    const gaugeUnit = /_(seconds|bytes|rows|messages|ticks_per_second)$/
    /** Counts of things whose name is their unit, and answers of 1 or 0. */
    const unitless = /(_owned|_up|_live|_resident|_healthy|_runners|_shards)$/
    const wrong = metrics.filter(({ description, kind, name }) => {
      const isNamed = kind === "counter" ? name.endsWith("_total") : gaugeUnit.test(name) || unitless.test(name)
      const isKind = ["counter", "gauge", "histogram"].includes(kind)
      return !isKind || !isNamed || !/^[a-z][a-z0-9_]+$/.test(name) || name.includes("_ms") || description === ""
    })
    expect(wrong).toEqual([])
  })

  it("have labels that are on the list of what may be shown", () => {
    const labels = sources.flatMap(({ name, text }) =>
      [...text.matchAll(/(?:withAttributes\([\w.]+,|attributes:)\s*\{([^{}]*)\}/g)]
        .filter(([whole]) => whole.startsWith("with") || text.includes("Metric."))
        .filter(([whole]) => whole.startsWith("with") || /reason:/.test(whole))
        .flatMap(([, inside = ""]) =>
          [...inside.matchAll(/(?:^|,)\s*(\w+)/g)].map(([, label = ""]) => `${name} ${label}`)
        )
    )
    expect(labels.length).toBeGreaterThan(30)
    expect(labels.filter((label) => !LABELS.has(label.split(" ")[1] ?? ""))).toEqual([])
  })
})

const Rules = Schema.Struct({
  groups: Schema.Array(Schema.Struct({
    name: Schema.String,
    rules: Schema.Array(Schema.Union([
      Schema.Struct({
        alert: Schema.String,
        expr: Schema.String,
        for: Schema.String,
        keep_firing_for: Schema.String,
        labels: Schema.Struct({ severity: Schema.Literals(["critical", "warning"]) }),
        annotations: Schema.Struct({ summary: Schema.String, description: Schema.String }),
      }),
      Schema.Struct({ record: Schema.String, expr: Schema.String }),
    ])),
  })),
})

describe("The alert rules", () => {
  const rules = Schema.decodeUnknownSync(Rules)(parse(read("deploy/prometheus/alerts.yml"))).groups.flatMap((
    { rules },
  ) => rules)
  const recorded = new Set(rules.flatMap((rule) => "record" in rule ? [rule.record] : []))
  const alerts = rules.flatMap((rule) => "alert" in rule ? [rule] : [])

  it("ask only for what there is", () => {
    expect(rules.flatMap(({ expr }) => unknownIn(expr, recorded))).toEqual([])
  })

  it("cover what an operator must hear of, each with hysteresis", () => {
    expect(alerts.map(({ alert }) => alert)).toEqual(expect.arrayContaining([
      ...["ArbEdgeDatabaseDown", "ArbEdgeDependencyDegraded", "ArbEdgeStaleVenue", "ArbEdgeMarketDataOld"],
      ...[
        "ArbEdgeIngestBelowNorm",
        "ArbEdgeQueueAge",
        "ArbEdgeDeliveryFailures",
        "ArbEdgeBotErrors",
        "ArbEdgeSourceErrors",
      ],
    ]))
    for (const alert of alerts) expect(alert.keep_firing_for, alert.alert).toMatch(/^[1-9]\d*m$/)
  })

  it("have a case that fires and one that does not", () => {
    const cases = read("deploy/prometheus/alerts.test.yml")
    for (const { alert } of alerts) expect(cases, alert).toContain(`alertname: ${alert}\n        exp_alerts:`)
  })

  const promtool = (...args: ReadonlyArray<string>) =>
    spawnSync("promtool", args, { cwd: at("deploy/prometheus"), encoding: "utf8" })
  // Not everybody has it: what only it can judge is judged where it is.
  if (promtool("--version").status === 0) {
    it("do in promtool's hands what they promise", () => {
      for (const args of [["check", "rules", "alerts.yml"], ["test", "rules", "alerts.test.yml"]]) {
        const { status, stderr, stdout } = promtool(...args)
        expect(status, stdout + stderr).toBe(0)
      }
    })
  }
})

const Dashboard = Schema.fromJsonString(Schema.Struct({
  panels: Schema.Array(Schema.Struct({
    title: Schema.String,
    fieldConfig: Schema.Struct({ defaults: Schema.Struct({ unit: Schema.String }) }),
    targets: Schema.Array(Schema.Struct({ expr: Schema.String })),
  })),
}))

const Scaled = Schema.Struct({
  apiVersion: Schema.Literal("keda.sh/v1alpha1"),
  kind: Schema.Literal("ScaledObject"),
  metadata: Schema.Struct({ name: Schema.String }),
  spec: Schema.Struct({
    scaleTargetRef: Schema.Struct({ name: Schema.String }),
    minReplicaCount: Schema.Int,
    maxReplicaCount: Schema.Int,
    pollingInterval: Schema.Int,
    cooldownPeriod: Schema.Int,
    triggers: Schema.Array(Schema.Struct({
      type: Schema.Literal("prometheus"),
      metadata: Schema.Struct({
        serverAddress: Schema.String,
        query: Schema.String,
        threshold: Schema.String.check(Schema.isPattern(/^\d+$/)),
      }),
    })),
  }),
})

describe("What looks at the metrics", () => {
  it("is a dashboard that asks only for what there is", () => {
    const { panels } = Schema.decodeSync(Dashboard)(read("deploy/grafana/arbedge.json"))
    expect(panels.length).toBeGreaterThan(10)
    expect(panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => unknownIn(expr)))).toEqual([])
    for (const { fieldConfig, targets, title } of panels) {
      const isTime = targets.some(({ expr }) => expr.includes("_seconds") && !expr.includes("_total"))
      expect(fieldConfig.defaults.unit === "s", title).toBe(isTime)
    }
  })

  it("scales the roles by lag and depth", () => {
    const objects = parseAllDocuments(read("deploy/kubernetes/keda.yaml")).map((document) =>
      Schema.decodeUnknownSync(Scaled)(document.toJS())
    )
    expect(objects.map(({ spec }) => spec.scaleTargetRef.name)).toEqual([
      "arbedge-detect",
      "arbedge-distribute",
      "arbedge-deliver",
    ])
    for (const { spec: { maxReplicaCount, minReplicaCount, triggers } } of objects) {
      expect(maxReplicaCount).toBeGreaterThan(minReplicaCount)
      for (const { metadata: { query } } of triggers) {
        expect(query).toContain("arbedge_")
        expect(unknownIn(query)).toEqual([])
      }
    }
  })
})
