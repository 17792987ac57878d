/**
 * Tests of the probes that decide which suites can run.
 * Comes in: the made-up dependencies and a server of its own. Promises: nothing outside this process is touched.
 */
import { createServer } from "node:net"
import { describe, expect, it } from "vitest"
import { data, nats, obstacle, postgres } from "./available.ts"
import { type Dependency, probeData, probeNats, probePostgres } from "./probes.ts"

const there: Dependency = { name: "NATS", available: true, why: "" }
const absent: Dependency = { name: "Postgres", available: false, why: "no Postgres at h:1: refused" }

/** Runs `use` against a server that says `words` to whoever connects. */
const withServer = async (words: string, use: (hostAndPort: string) => Promise<void>) => {
  const server = createServer((socket) => socket.on("error", () => {}).resume().end(words))
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("the server has no port")
  await use(`127.0.0.1:${address.port}`)
  await new Promise((closed) => server.close(closed))
}

describe("available", () => {
  it("lets a suite run when everything it needs answers", () => {
    expect(obstacle([there], false)).toBeNull()
    expect(obstacle([there], true)).toBeNull()
  })

  it("says what a suite lacks, for the skip message", () => {
    expect(obstacle([there, absent], false)).toBe(absent.why)
  })

  it("fails instead of skipping where everything is required", () => {
    expect(() => obstacle([there, absent], true)).toThrow("ARBEDGE_REQUIRE=1, but no Postgres at h:1")
  })

  it("says why for every part that is absent, and nothing for one that is there", () => {
    for (const part of [nats, postgres, data]) expect(part.why === "").toBe(part.available)
  })

  it("does not take an empty folder for recorded data", () => {
    expect(probeData("test/support")).toMatchObject({ available: false })
  })

  it("tells NATS with JetStream from NATS without and from other servers", async () => {
    await withServer('INFO {"jetstream":true} \r\n', async (address) => {
      expect((await probeNats(`nats://${address}`)).available).toBe(true)
      expect((await probePostgres(`postgres://u@${address}/d`)).why).toContain("not Postgres")
    })
    await withServer("INFO {} \r\n", async (address) => {
      expect((await probeNats(address)).why).toContain("without JetStream")
    })
  })

  it("repeats what Postgres says when it refuses the login, and never the password", async () => {
    await withServer("E\0\0\0\0SFATAL\0Mno such role\0\0", async (address) => {
      const { available, why } = await probePostgres(`postgres://u:s3cret@${address}/d`)
      expect(available).toBe(false)
      expect(why).toContain("no such role")
      expect(why).not.toContain("s3cret")
    })
  })

  it("calls what is not a URL absent instead of throwing", async () => {
    expect((await probeNats("nats://[")).why).toContain("ARBEDGE_NATS_URL is not a URL")
  })
})
