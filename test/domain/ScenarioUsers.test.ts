/** Users of a scenario: proportions hold without chance, and a group always has somebody who registered it. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Users } from "../../src/domain/Scenario.ts"
import { usersOf } from "../../src/domain/ScenarioUsers.ts"

const people = (value: unknown) => usersOf(Schema.decodeUnknownSync(Users)(value))

describe("The users of a scenario", () => {
  const crowd = people({
    count: 1_000,
    tiers: { free: 2, pro: 1 },
    sessions: 0.8,
    groups: 0.1,
    preferences: [{ weight: 3, wants: { pairs: ["BTC"] } }, { weight: 1, wants: { language: "ru" } }],
  })
  const isClose = (count: number, wanted: number) => assert.isAtMost(Math.abs(count - wanted), 5, `${count}`)

  it("have tiers, wants, sessions and groups in proportion", () => {
    isClose(crowd.filter(({ tier }) => tier === "free").length, 667)
    isClose(crowd.filter(({ preferences }) => preferences.language === "ru").length, 250)
    isClose(crowd.filter(({ registrarId }) => registrarId !== null).length, 100)
    const alone = crowd.filter(({ registrarId }) => registrarId === null)
    isClose(alone.filter(({ hasSession }) => hasSession).length, alone.length * 0.8)
  })

  it("are independent in each: tiers hold among those who speak Russian as well", () => {
    const russian = crowd.filter(({ preferences }) => preferences.language === "ru")
    isClose(russian.filter(({ tier }) => tier === "free").length, russian.length * 2 / 3)
  })

  it("are the same each time, and are told at once around the clock unless they want otherwise", () => {
    assert.deepStrictEqual(people({ count: 50, groups: 0.3 }), people({ count: 50, groups: 0.3 }))
    const { batchNotifications, maxPerHour, pairs } = people({ count: 1 })[0]?.preferences ?? {}
    assert.deepStrictEqual([batchNotifications, maxPerHour, pairs], [false, 10_000, []])
  })

  it("register groups only with a session", () => {
    const bySession = new Map(crowd.map(({ chatId, hasSession }) => [chatId, hasSession]))
    for (const { chatId, registrarId } of crowd) {
      assert.strictEqual(chatId < 0, registrarId !== null)
      if (registrarId !== null) assert.isTrue(bySession.get(registrarId))
    }
    assert.deepStrictEqual(people({ count: 3, sessions: 0, groups: 1 }).map(({ registrarId }) => registrarId), [
      null,
      null,
      null,
    ])
  })
})
