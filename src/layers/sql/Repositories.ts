/**
 * Every repository over SQL as one layer.
 *
 * In: a Store, migrated. Out: all that the Store keeps, by its ports. Promises: nothing is opened here, and the Store is
 * shared, so that calls of several repositories can join one transaction.
 */
import { Layer } from "effect"
import * as AdminAlerts from "./AdminAlertsSql.ts"
import * as AnalysisResults from "./AnalysisResultsSql.ts"
import * as AlertNotices from "./AlertNoticesSql.ts"
import * as AssetIdentities from "./AssetIdentitiesSql.ts"
import * as Audit from "./AuditSql.ts"
import * as Checkpoints from "./CheckpointsSql.ts"
import * as CreditQuotas from "./CreditQuotasSql.ts"
import * as DeadLetters from "./DeadLettersSql.ts"
import * as Groups from "./GroupsSql.ts"
import * as Dialogues from "./DialoguesSql.ts"
import * as Keys from "./KeysSql.ts"
import * as Directory from "./DirectorySql.ts"
import * as Leases from "./LeasesSql.ts"
import * as Onboardings from "./OnboardingsSql.ts"
import * as Opportunities from "./OpportunitiesSql.ts"
import * as OpportunityQueue from "./OpportunityQueueSql.ts"
import * as OpportunityViews from "./OpportunityViewsSql.ts"
import * as Outbox from "./OutboxSql.ts"
import * as PriceAlerts from "./PriceAlertsSql.ts"
import * as PersonalData from "./PersonalDataSql.ts"
import * as Persons from "./PersonsSql.ts"
import * as QueueFigures from "./QueueFiguresSql.ts"
import * as QuietDigests from "./QuietDigestsSql.ts"
import * as RateLimits from "./RateLimitsSql.ts"
import * as Receipts from "./ReceiptsSql.ts"
import * as ReferenceData from "./ReferenceDataSql.ts"
import * as RestBudgets from "./RestBudgetsSql.ts"
import * as Rotations from "./RotationsSql.ts"
import * as SealedRecords from "./SealedRecordsSql.ts"
import * as SessionAnalytics from "./SessionAnalyticsSql.ts"
import * as SessionExtensions from "./SessionExtensionsSql.ts"
import * as Sessions from "./SessionsSql.ts"
import * as Standings from "./StandingsSql.ts"
import * as TelegramUpdates from "./TelegramUpdatesSql.ts"
import * as ToldHistory from "./ToldHistorySql.ts"
import * as TrackRecord from "./TrackRecordSql.ts"
import * as UserChannels from "./UserChannelsSql.ts"
import * as UserSchedule from "./UserScheduleSql.ts"
import * as Users from "./UsersSql.ts"

export const layer = Layer.mergeAll(
  AdminAlerts.layer,
  AlertNotices.layer,
  AnalysisResults.layer.pipe(Layer.provide(Outbox.layer)),
  AssetIdentities.layer.pipe(Layer.provide(Outbox.layer)),
  Audit.layer.pipe(Layer.provide(Outbox.layer)),
  Checkpoints.layer,
  CreditQuotas.layer,
  DeadLetters.layer,
  Groups.layer,
  Dialogues.layer,
  Keys.layer,
  Directory.layer,
  Leases.layer,
  Onboardings.layer.pipe(Layer.provide(Outbox.layer)),
  Opportunities.layer,
  OpportunityQueue.layer,
  OpportunityViews.layer,
  Outbox.layer,
  PriceAlerts.layer,
  PersonalData.layer,
  Persons.layer,
  QueueFigures.layer,
  QuietDigests.layer,
  RateLimits.layer,
  Receipts.layer.pipe(Layer.provide(Outbox.layer)),
  ReferenceData.layer,
  RestBudgets.layer,
  Rotations.layer,
  SealedRecords.layer,
  SessionAnalytics.layer,
  SessionExtensions.layer,
  Sessions.layer,
  Standings.layer,
  TelegramUpdates.layer,
  ToldHistory.layer,
  TrackRecord.layer.pipe(Layer.provide(Outbox.layer)),
  UserChannels.layer,
  UserSchedule.layer,
  Users.layer,
)
