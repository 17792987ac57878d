/** The model: it learns what there is to learn, claims nothing where there is nothing, and is the same every time. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { FEATURES, featuresOf } from "../../src/domain/Features.ts"
import * as Model from "../../src/domain/Model.ts"

/** A generator of even numbers in [0, 1), the same for the same seed. */
const numbers = (seed: number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** The first feature is the chance of success, in hundredths; the others mean nothing. */
const casesOf = (seed: number, count: number, chance: (edge: number) => number): ReadonlyArray<Model.Case> => {
  const next = numbers(seed)
  return Array.from({ length: count }, () => {
    const edge = Math.floor(next() * 100)
    return { features: FEATURES.map((_, at) => at === 0 ? edge : next()), succeeded: next() < chance(edge) }
  })
}

const trained = (cases: ReadonlyArray<Model.Case>): Model.Trained => {
  const found = Model.train(cases, "recorded")
  if (found === null) throw new Error("too few cases")
  return found
}

describe("A model", () => {
  it("beats the base rate on cases it has not seen, where the features tell anything", () => {
    const { baseRateBrier, brier, held } = trained(casesOf(1, 1_000, (edge) => edge > 60 ? 0.9 : 0.2))
    assert.strictEqual(held, 200)
    assert.isBelow(brier, baseRateBrier * 0.75)
  })

  it("says with its confidence how often it is right", () => {
    const { model, reliability } = trained(casesOf(2, 4_000, (edge) => edge > 60 ? 0.9 : 0.2))
    const sure = Model.confidenceOf(model, [80, ...FEATURES.slice(1).map(() => 0.5)])
    const doubtful = Model.confidenceOf(model, [20, ...FEATURES.slice(1).map(() => 0.5)])
    assert.closeTo(sure, 0.9, 0.06)
    assert.closeTo(doubtful, 0.2, 0.06)
    for (const { cases, meanConfidence, succeeded } of reliability.filter((bin) => bin.cases >= 50)) {
      assert.closeTo(succeeded / cases, meanConfidence, 0.12)
    }
  })

  it("claims next to nothing where the features tell nothing", () => {
    const { baseRateBrier, brier, reliability } = trained(casesOf(3, 1_000, () => 0.5))
    assert.isAbove(brier, baseRateBrier * 0.95)
    assert.isTrue(reliability.every(({ meanConfidence }) => meanConfidence > 0.3 && meanConfidence < 0.7))
  })

  it("learns nothing from the future: the last fifth only judges", () => {
    const cases = casesOf(4, 500, (edge) => edge / 100)
    const turned = cases.map((one, at) => at < 400 ? one : { ...one, succeeded: !one.succeeded })
    assert.deepStrictEqual(trained(turned).model, trained(cases).model)
    assert.notStrictEqual(trained(turned).brier, trained(cases).brier)
  })

  it("is refused below 150 cases, and is the same every time above", () => {
    assert.isNull(Model.train(casesOf(5, 149, () => 0.5), "recorded"))
    const cases = casesOf(6, 300, (edge) => edge / 100)
    const text = () => Schema.encodeSync(Schema.fromJsonString(Model.Model))(trained(cases).model)
    assert.strictEqual(text(), text())
    assert.deepStrictEqual(Schema.decodeSync(Schema.fromJsonString(Model.Model))(text()), trained(cases).model)
  })

  it("is more confident of each higher step, whatever it was taught", () => {
    for (const seed of [1, 2, 3, 5, 8, 13, 21, 34]) {
      const steps = trained(casesOf(seed, 150, (edge) => edge / 100)).model.calibration
      assert.isTrue(steps.every((step, at) => {
        const before = steps[at - 1]
        return before === undefined || (step.from > before.from && step.confidence > before.confidence)
      }))
    }
  })

  it("made of other features is not read", () => {
    const { model } = trained(casesOf(7, 200, (edge) => edge / 100))
    assert.isTrue(Model.isReadable(model))
    assert.isFalse(Model.isReadable({ ...model, features: ["netBps"] }))
  })
})

describe("Features", () => {
  it("are as many as their names, and -1 where nothing is known", () => {
    const technical = featuresOf(
      { type: "technical", legs: [], netBps: null, grossBps: null, netProfit: null, size: 0, capacity: 0 },
      { judged: 0, succeeded: 0 },
    )
    assert.lengthOf(technical, FEATURES.length)
    const named = Object.fromEntries(FEATURES.map((name, at) => [name, technical[at]]))
    assert.deepInclude(named, { netBps: -1, costBps: -1, sizeOfCapacity: -1, similarSuccessRate: 0.5, isTechnical: 1 })
  })
})
