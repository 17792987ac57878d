/**
 * Settings: everything an operator can set, by environment variables with the prefix `ARBEDGE_`.
 *
 * In: Effect's ConfigProvider (the environment). Out: one record, checked; secrets redacted. Promises: each field has a
 * doc line, a unit where it has one, and a default; with nothing set everything runs embedded in one process. The table
 * of docs/guides/settings.md is made from `FIELDS`, and a test holds it to that.
 */
import { Config, Option, type Redacted } from "effect"

interface Field<A> {
  readonly variable: string
  readonly doc: string
  /** As it is shown to people. */
  readonly fallback: string
  readonly config: Config.Config<A>
}

const PREFIX = "ARBEDGE_"

const field = <A>(
  name: string,
  doc: string,
  fallback: string,
  make: (variable: string) => Config.Config<A>,
): Field<A> => ({ variable: PREFIX + name, doc, fallback, config: make(PREFIX + name) })

const text = (name: string, doc: string, fallback: string) =>
  field(name, doc, fallback, (variable) => Config.String(variable).pipe(Config.withDefault(fallback)))

const optional = (name: string, doc: string) =>
  field(name, doc, "-", (variable) => Config.option(Config.String(variable)))

const secret = (name: string, doc: string): Field<Option.Option<Redacted.Redacted>> =>
  field(name, doc, "-", (variable) => Config.option(Config.Redacted(variable)))

const integer = (name: string, doc: string, fallback: number) =>
  field(name, doc, String(fallback), (variable) => Config.Int(variable).pipe(Config.withDefault(fallback)))

const list = (name: string, doc: string, fallback: string) =>
  field(name, doc, fallback, (variable) =>
    Config.String(variable).pipe(
      Config.withDefault(fallback),
      Config.map((value) => value.split(",").map((part) => part.trim()).filter((part) => part !== "")),
    ))

export const FIELDS = {
  natsUrl: secret("NATS_URL", "NATS server with JetStream (>= 2.9); unset: the in-process bus"),
  postgresUrl: secret("POSTGRES_URL", "Postgres (>= 15); unset: the embedded store"),
  dataDir: text("DATA_DIR", "Folder of the embedded store; `memory` keeps nothing", ".arbedge"),
  masterKeys: secret(
    "MASTER_KEYS",
    "What seals users' exchange keys: `id:base64` of 32 bytes, several separated by commas, the current one first " +
      "(`arbedge keys new` makes one); unset: a file in the data folder, and on Postgres no keys are taken",
  ),
  masterKeysFile: optional("MASTER_KEYS_FILE", "Path of a file with the same, one a line, instead of the variable"),
  streamPrefix: text("STREAM_PREFIX", "Set before the names of streams and buckets, to share one NATS server", ""),
  streamLimits: list(
    "STREAM_LIMITS",
    "How much and how long streams and buckets keep where the shipped limits do not fit, as name=size/age: " +
      "`MD=8GiB/48h,EVT=/14d,market_data=256MiB` (docs/guides/streams.md)",
    "",
  ),
  streamReplicas: integer("STREAM_REPLICAS", "Copies of each stream and bucket on a NATS cluster: 1, 3 or 5", 1),
  venues: list("VENUES", "Venues to follow, any id of ccxt", "binance,okx,bybit,kraken,coinbaseexchange"),
  instruments: list(
    "INSTRUMENTS",
    "Canonical instruments to follow on each venue that lists them",
    "BTC/USDT,ETH/USDT,BTC/USD",
  ),
  feedKinds: list("FEED_KINDS", "What to follow: quote, book, trade, funding", "quote"),
  bookDepth: integer("BOOK_DEPTH", "Levels of a followed book, each side", 50),
  detectConfig: optional(
    "DETECT_CONFIG",
    "Path of the detection configuration; unset: the shipped fees and thresholds",
  ),
  feeTiers: list(
    "FEE_TIERS",
    "Fee tiers of your accounts where no detection configuration is set, as venue=tier: okx=vip1,kraken=50k",
    "",
  ),
  coinMarketCapKey: secret(
    "COINMARKETCAP_KEY",
    "Key of CoinMarketCap's API; unset: global metrics and the largest assets are unknown",
  ),
  coinMarketCapApiRoot: text(
    "COINMARKETCAP_API_ROOT",
    "CoinMarketCap's API server",
    "https://pro-api.coinmarketcap.com",
  ),
  model: optional("MODEL", "Path of a model made by `arbedge train`; unset: confidence is unknown"),
  blackouts: optional(
    "BLACKOUTS",
    "Path or URL of a JSON list of times in which an asset is not to be traded on; unset: none",
  ),
  telegramToken: secret("TELEGRAM_TOKEN", "The bot's token from @BotFather; unset: no bot and no messages"),
  telegramApiRoot: text("TELEGRAM_API_ROOT", "Bot API server", "https://api.telegram.org"),
  telegramWebhookUrl: optional("TELEGRAM_WEBHOOK_URL", "Public https URL of /telegram/webhook; unset: long polling"),
  telegramWebhookSecret: secret("TELEGRAM_WEBHOOK_SECRET", "Secret that Telegram sends with each update"),
  smtpUrl: secret(
    "SMTP_URL",
    "Mail server for notifications by mail: smtps://user:password@host:465, or smtp:// for STARTTLS; unset: no mail",
  ),
  mailFrom: optional("MAIL_FROM", "Who those mails come from: `ArbEdge <bot@example.org>`"),
  pushPublicKey: optional("PUSH_PUBLIC_KEY", "VAPID public key of web push, base64url; unset: no web push"),
  pushPrivateKey: secret("PUSH_PRIVATE_KEY", "Its private key"),
  pushContact: optional("PUSH_CONTACT", "Whom a push service may write to: `mailto:` or `https:`; needed for web push"),
  webhookKey: secret(
    "WEBHOOK_KEY",
    "Random text of 32 letters or more that each receiver's signing secret is made from; unset: no webhooks",
  ),
  localChannels: field(
    "LOCAL_CHANNELS",
    "`true`: webhooks and push services may be http and inside this network; for tests alone",
    "false",
    (variable) => Config.Boolean(variable).pipe(Config.withDefault(false)),
  ),
  publicUrl: optional(
    "PUBLIC_URL",
    "Where people reach the service's HTTP server, such as https://arbedge.example: for links in messages and mails; " +
      "unset: links lead to the venues directly, and mails name an address to write to",
  ),
  httpHost: text("HTTP_HOST", "Where the HTTP server listens", "127.0.0.1"),
  httpPort: integer(
    "HTTP_PORT",
    "Its port; 0: any free one, told in the log and in `service.json` of the data folder",
    0,
  ),
  metricsToken: secret(
    "METRICS_TOKEN",
    "What Prometheus sends as its bearer token to /metrics of the HTTP server; unset: nobody is shown any metrics",
  ),
  otlpUrl: optional(
    "OTLP_URL",
    "OTLP/HTTP receiver of traces, such as http://127.0.0.1:4318; unset: no traces",
  ),
  otlpHeaders: secret("OTLP_HEADERS", "Sent to it with every request, as name=value,name=value: keys of a vendor"),
  traceRatio: field(
    "TRACE_RATIO",
    "Which part of traces is kept, 0 to 1",
    "1",
    (variable) => Config.Number(variable).pipe(Config.withDefault(1)),
  ),
  tiers: optional(
    "TIERS",
    "Path of a JSON table of tiers, as `arbedge tiers --json` prints it; unset: the shipped one",
  ),
  sessionDays: integer("SESSION_DAYS", "Days of inactivity after which a session ends", 7),
  blockedRegions: list(
    "BLOCKED_REGIONS",
    "Countries in which a venue serves nobody, beside the shipped table: okx=US|CA,kraken=JP",
    "",
  ),
  betaTypes: list("BETA_TYPES", "Types of opportunities that only those with beta access are told of", ""),
  aiBudgetTiers: list("AI_BUDGET_TIERS", "Tiers whose AI you pay for: they need no key of their own", ""),
  eligibilityLabels: list(
    "ELIGIBILITY_LABELS",
    "What is asked of a tier and only shown, not required: free:no_key,pro:risk (no_key, no_ai_key, risk, portfolio)",
    "",
  ),
  strategies: list(
    "STRATEGIES",
    "Whom opportunities of a type go to, as type=strategy: broadcast, round_robin, priority, geographic; a type left " +
      "out: priority where its depth does not do for all whom it fits, else broadcast",
    "",
  ),
  minTickets: list(
    "MIN_TICKETS",
    "The least that is worth an execution, as currency=amount: an opportunity is told to as many as its depth serves " +
      "with so much each; a currency left out: to all",
    "USDT=50,USDC=50,USD=50,EUR=50",
  ),
  archive: optional(
    "ARCHIVE",
    "Where market data, results and events are archived: a folder, or `s3://bucket`; unset: nowhere",
  ),
  archiveEndpoint: optional(
    "ARCHIVE_ENDPOINT",
    "Address of an S3-compatible store, such as https://minio.example:9000; unset: Amazon's in the region",
  ),
  archiveRegion: text("ARCHIVE_REGION", "Its region", "us-east-1"),
  archiveKeyId: secret("ARCHIVE_KEY_ID", "Access key of the bucket: it lists, reads, writes and deletes"),
  archiveSecret: secret("ARCHIVE_SECRET", "Its secret"),
  archiveDays: integer("ARCHIVE_DAYS", "Days for which market data stays in the archive, 7 or more", 365),
  archiveAnalyticsDays: integer("ARCHIVE_ANALYTICS_DAYS", "Days for which analytics stay in it, 7 or more", 2_557),
  archiveAuditDays: integer("ARCHIVE_AUDIT_DAYS", "Days for which audit logs stay in it, 7 or more", 2_557),
  maxActors: integer("MAX_ACTORS", "Actors resident in one process, over all types", 60_000),
  clusterHost: text("CLUSTER_HOST", "Where other processes of the cluster reach this one", "127.0.0.1"),
  clusterPort: field(
    "CLUSTER_PORT",
    "Its port; set in every process: several processes share the work (needs NATS and Postgres)",
    "-",
    (variable) => Config.option(Config.Port(variable)),
  ),
} as const

export type Settings = { readonly [K in keyof typeof FIELDS]: Config.Success<(typeof FIELDS)[K]["config"]> }

/** All of them; a bad value is told with the variable's name. */
export const settings: Config.Config<Settings> = Config.all({
  natsUrl: FIELDS.natsUrl.config,
  postgresUrl: FIELDS.postgresUrl.config,
  dataDir: FIELDS.dataDir.config,
  masterKeys: FIELDS.masterKeys.config,
  masterKeysFile: FIELDS.masterKeysFile.config,
  streamPrefix: FIELDS.streamPrefix.config,
  streamLimits: FIELDS.streamLimits.config,
  streamReplicas: FIELDS.streamReplicas.config,
  venues: FIELDS.venues.config,
  instruments: FIELDS.instruments.config,
  feedKinds: FIELDS.feedKinds.config,
  bookDepth: FIELDS.bookDepth.config,
  detectConfig: FIELDS.detectConfig.config,
  feeTiers: FIELDS.feeTiers.config,
  coinMarketCapKey: FIELDS.coinMarketCapKey.config,
  coinMarketCapApiRoot: FIELDS.coinMarketCapApiRoot.config,
  model: FIELDS.model.config,
  blackouts: FIELDS.blackouts.config,
  telegramToken: FIELDS.telegramToken.config,
  telegramApiRoot: FIELDS.telegramApiRoot.config,
  telegramWebhookUrl: FIELDS.telegramWebhookUrl.config,
  telegramWebhookSecret: FIELDS.telegramWebhookSecret.config,
  smtpUrl: FIELDS.smtpUrl.config,
  mailFrom: FIELDS.mailFrom.config,
  pushPublicKey: FIELDS.pushPublicKey.config,
  pushPrivateKey: FIELDS.pushPrivateKey.config,
  pushContact: FIELDS.pushContact.config,
  webhookKey: FIELDS.webhookKey.config,
  localChannels: FIELDS.localChannels.config,
  publicUrl: FIELDS.publicUrl.config,
  httpHost: FIELDS.httpHost.config,
  httpPort: FIELDS.httpPort.config,
  metricsToken: FIELDS.metricsToken.config,
  otlpUrl: FIELDS.otlpUrl.config,
  otlpHeaders: FIELDS.otlpHeaders.config,
  traceRatio: FIELDS.traceRatio.config,
  tiers: FIELDS.tiers.config,
  sessionDays: FIELDS.sessionDays.config,
  blockedRegions: FIELDS.blockedRegions.config,
  betaTypes: FIELDS.betaTypes.config,
  aiBudgetTiers: FIELDS.aiBudgetTiers.config,
  eligibilityLabels: FIELDS.eligibilityLabels.config,
  strategies: FIELDS.strategies.config,
  minTickets: FIELDS.minTickets.config,
  archive: FIELDS.archive.config,
  archiveEndpoint: FIELDS.archiveEndpoint.config,
  archiveRegion: FIELDS.archiveRegion.config,
  archiveKeyId: FIELDS.archiveKeyId.config,
  archiveSecret: FIELDS.archiveSecret.config,
  archiveDays: FIELDS.archiveDays.config,
  archiveAnalyticsDays: FIELDS.archiveAnalyticsDays.config,
  archiveAuditDays: FIELDS.archiveAuditDays.config,
  maxActors: FIELDS.maxActors.config,
  clusterHost: FIELDS.clusterHost.config,
  clusterPort: FIELDS.clusterPort.config,
})
