/**
 * NatsConfig: the configuration of a NATS server that lets outside operators in, and lets them do nothing else.
 *
 * In: operators. Out: the file's text. Promises: deterministic, so that a change of the operators is a readable diff; it
 * holds no secret, only verifiers. An account for the service, one for each operator, one for the server itself;
 * between them only exports named one by one. Every wall stands twice: the account imports it, and the user may.
 */
import {
  accountOf,
  disconnectOf,
  grantsOf,
  inboxPrefixOf,
  type Operator,
  type Operators,
  SERVICE_USER,
} from "../domain/Operator.ts"

const SERVICE_ACCOUNT = "ARBEDGE"
const SYSTEM_ACCOUNT = "SYS"
/**
 * Operators' JetStream requests go to `$JS.arbedge.API.>`, which clients call the domain `arbedge`. Under `$JS.API.>`
 * a server answers for the operator's own account, which has no JetStream.
 */
export const JETSTREAM_DOMAIN = "arbedge"

/** As the operator's client says it. */
export const asked = (request: string): string => request.replace(/^\$JS\.API\./, () => `$JS.${JETSTREAM_DOMAIN}.API.`)

interface Grant {
  readonly subject: string
  readonly account: string
}

/** Each subject once, with the accounts that may import it. */
const exported = (granted: ReadonlyArray<Grant>, kind: "stream" | "service") =>
  [...new Set(granted.map(({ subject }) => subject))].map((subject) => ({
    [kind]: subject,
    accounts: granted.filter((grant) => grant.subject === subject).map(({ account }) => account),
  }))

const operatorAccount = (operator: Operator) => {
  const { asks, follows } = grantsOf(operator), { connections, payloadBytes, subscriptions } = operator.limits
  const credential = "nkey" in operator.credential
    ? { nkey: operator.credential.nkey }
    : { user: operator.name, password: operator.credential.bcrypt }
  return {
    limits: { max_connections: connections, max_subscriptions: subscriptions, max_payload: payloadBytes },
    imports: [
      ...follows.map((subject) => ({ stream: { account: SERVICE_ACCOUNT, subject } })),
      ...asks.map((subject) => ({ service: { account: SERVICE_ACCOUNT, subject }, to: asked(subject) })),
    ],
    users: [{
      ...credential,
      permissions: {
        publish: { allow: asks.map(asked) },
        subscribe: { allow: [...follows, `${inboxPrefixOf(operator)}.>`] },
      },
    }],
  }
}

const HEADER = `# Made by \`arbedge nats config\`: change the operators file, not this.
# Start with it: nats-server --config nats.conf; after a change: nats-server --signal reload
# TLS and clustering are the server's own business, in a file of yours that includes this one.
`

export const natsConfig = ({ maxPendingBytes, operators, service, storeDir, writeDeadlineMs }: Operators): string => {
  const grants = operators.map((operator) => ({ account: accountOf(operator), ...grantsOf(operator) }))
  const endings = operators.map((operator) => disconnectOf(accountOf(operator)))
  const config = {
    // Here and not by a flag: a reload would take a file without it for the wish to end JetStream.
    jetstream: { store_dir: storeDir },
    write_deadline: `${writeDeadlineMs}ms`,
    max_pending: maxPendingBytes,
    system_account: SYSTEM_ACCOUNT,
    accounts: {
      [SYSTEM_ACCOUNT]: { exports: endings.map((subject) => ({ stream: subject, accounts: [SERVICE_ACCOUNT] })) },
      [SERVICE_ACCOUNT]: {
        jetstream: "enabled",
        users: [{ user: SERVICE_USER, password: service.bcrypt }],
        imports: endings.map((subject) => ({ stream: { account: SYSTEM_ACCOUNT, subject } })),
        exports: [
          ...exported(
            grants.flatMap(({ account, follows }) => follows.map((subject) => ({ account, subject }))),
            "stream",
          ),
          ...exported(grants.flatMap(({ account, asks }) => asks.map((subject) => ({ account, subject }))), "service"),
        ],
      },
      ...Object.fromEntries(operators.map((operator) => [accountOf(operator), operatorAccount(operator)])),
    },
  }
  const lines = Object.entries(config).map(([name, value]) => `${name}: ${JSON.stringify(value, null, 2)}\n`)
  return [HEADER, ...lines].join("\n")
}
