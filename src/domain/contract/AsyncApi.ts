/**
 * The AsyncAPI 3 document of the public subjects, made of the contract.
 *
 * In: the contract and its JSON Schemas. Out: one JSON value. Promises: every subject is a channel that we send on, with
 * headers, payload and an example; schemas stand in it whole, so that it can be read alone.
 */
import type { JsonSchema } from "./Compatibility.ts"
import { type Kept, MESSAGES, PARAMETERS, type PublicMessage } from "./Contract.ts"
import { CONTRACT_VERSION, Header } from "./Headers.ts"
import { jsonSchemas } from "./JsonSchemas.ts"

const text = (description: string, pattern?: string) => ({
  type: "string",
  description,
  ...(pattern === undefined ? {} : { pattern }),
})

const HEADERS: Readonly<Record<string, JsonSchema>> = {
  [Header.schemaVersion]: text("Version of the contract that the publisher keeps", "^\\d+\\.\\d+\\.\\d+$"),
  [Header.stageTimes]: text(
    "When the stages that are known were passed, ms since the epoch: venue=<ms>,receive=<ms>,detect=<ms>,publish=<ms>",
    "^([a-z]+=\\d+(,[a-z]+=\\d+)*)?$",
  ),
  [Header.messageId]: text("Durable messages: the same again is the same message"),
  [Header.liveSequence]: text(
    "Live subjects: <writer>/<n>; n counts what this writer published on this subject, from 1",
    "^.+/\\d+$",
  ),
  [Header.dataSource]: text("Transitions of detection: live, recorded or simulated"),
  [Header.trace]: text("Durable messages, where the operator keeps traces: W3C Trace Context"),
}

/** As JSON Schema. */
export const headersOf = ({ kept }: PublicMessage) => {
  const own = kept._tag === "live" ? [Header.liveSequence] : kept._tag === "durable" ? [Header.messageId] : []
  if (kept._tag === "bucket") return { type: "object" }
  const always = kept._tag === "answer" ? [Header.schemaVersion] : [Header.schemaVersion, Header.stageTimes, ...own]
  const sometimes = kept._tag !== "durable"
    ? []
    : kept.stream === "OPP"
    ? [Header.dataSource, Header.trace]
    : [Header.trace]
  return {
    type: "object",
    properties: Object.fromEntries([...always, ...sometimes].map((name) => [name, HEADERS[name]])),
    required: always,
  }
}

const parametersOf = (subject: string) => {
  const named = [...subject.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name)
  const described = named.map((name) => {
    const { about = "", values } = PARAMETERS[name] ?? {}
    return [name, { description: about, ...(values === undefined ? {} : { enum: values }) }]
  })
  return named.length === 0 ? {} : { parameters: Object.fromEntries(described) }
}

const ref = (path: string) => ({ $ref: `#/${path}` })

const howOf = (kept: Kept): string => {
  switch (kept._tag) {
    case "live":
      return "Live: at most once."
    case "durable":
      return `Durable: stream ${kept.stream}.`
    case "bucket":
      return `A value of the bucket ${kept.bucket}, without headers.`
    case "answer":
      return "Answered to a request."
  }
}

/** The first subject's channel has the message's name, further ones a number behind it. */
const channelsOf = (message: PublicMessage) =>
  message.subjects.map((subject, at) => ({
    key: `${message.name}${at === 0 ? "" : `-${at + 1}`}`,
    channel: {
      address: subject,
      description: `${message.about}. ${howOf(message.kept)}`,
      ...parametersOf(subject),
      messages: { [message.name]: ref(`components/messages/${message.name}`) },
    },
  }))

const isPublished = ({ kept }: PublicMessage) => kept._tag !== "answer"
const published = MESSAGES.filter(isPublished).flatMap(channelsOf)

const componentOf = (message: PublicMessage) => ({
  name: message.name,
  title: message.name,
  summary: message.about,
  contentType: message.contentType,
  headers: headersOf(message),
  payload: ref(`components/schemas/${message.name}`),
  examples: [{ name: message.name, payload: message.example }],
})

const ASKED = {
  request: { name: "request", title: "A question; its payload is not looked at" },
  schema: { name: "schema", title: "A JSON Schema (2020-12)", payload: { type: "object" } },
}

/** A question on a subject and what is answered to the subject that it names for it. */
const asking = (name: string, subject: string, answer: string) => ({
  channels: {
    [name]: { address: subject, ...parametersOf(subject), messages: { request: ref("components/messages/request") } },
    [`${name}-answer`]: {
      address: null,
      description: "The request's own reply subject",
      messages: { [answer]: ref(`components/messages/${answer}`) },
    },
  },
  operation: {
    action: "receive",
    channel: ref(`channels/${name}`),
    reply: { channel: ref(`channels/${name}-answer`) },
  },
})

const list = asking("schemas", "schema.v1", "schemas"), one = asking("schema", "schema.v1.{name}", "schema")

export const asyncApi = {
  asyncapi: "3.0.0",
  info: {
    title: "ArbEdge public streams",
    version: CONTRACT_VERSION,
    description: "Live ticks, durable frames, opportunities and facts over NATS. Subjects, sequences and what may " +
      "change: docs/streams.md.",
    license: { name: "MIT" },
  },
  defaultContentType: "application/json",
  servers: { nats: { host: "localhost:4222", protocol: "nats", description: "Wherever the operator runs NATS" } },
  channels: {
    ...Object.fromEntries(published.map(({ channel, key }) => [key, channel])),
    ...list.channels,
    ...one.channels,
  },
  operations: {
    ...Object.fromEntries(published.map(({ key }) => [key, { action: "send", channel: ref(`channels/${key}`) }])),
    schemas: list.operation,
    schema: one.operation,
  },
  components: {
    messages: { ...Object.fromEntries(MESSAGES.map((message) => [message.name, componentOf(message)])), ...ASKED },
    schemas: jsonSchemas,
  },
}
