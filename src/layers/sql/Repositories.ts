/**
 * Every repository over SQL as one layer.
 *
 * In: a Store, migrated. Out: all that the Store keeps, by its ports. Promises: nothing is opened here, and the Store is
 * shared, so that calls of several repositories can join one transaction.
 */
import { Layer } from "effect"
import * as AssetIdentities from "./AssetIdentitiesSql.ts"
import * as Checkpoints from "./CheckpointsSql.ts"
import * as CreditQuotas from "./CreditQuotasSql.ts"
import * as Groups from "./GroupsSql.ts"
import * as Dialogues from "./DialoguesSql.ts"
import * as Keys from "./KeysSql.ts"
import * as Leases from "./LeasesSql.ts"
import * as Opportunities from "./OpportunitiesSql.ts"
import * as OpportunityQueue from "./OpportunityQueueSql.ts"
import * as Outbox from "./OutboxSql.ts"
import * as RateLimits from "./RateLimitsSql.ts"
import * as Receipts from "./ReceiptsSql.ts"
import * as ReferenceData from "./ReferenceDataSql.ts"
import * as RestBudgets from "./RestBudgetsSql.ts"
import * as SealedRecords from "./SealedRecordsSql.ts"
import * as SessionExtensions from "./SessionExtensionsSql.ts"
import * as Sessions from "./SessionsSql.ts"
import * as TelegramUpdates from "./TelegramUpdatesSql.ts"
import * as TrackRecord from "./TrackRecordSql.ts"
import * as UserChannels from "./UserChannelsSql.ts"
import * as UserSchedule from "./UserScheduleSql.ts"
import * as Users from "./UsersSql.ts"

export const layer = Layer.mergeAll(
  AssetIdentities.layer.pipe(Layer.provide(Outbox.layer)),
  Checkpoints.layer,
  CreditQuotas.layer,
  Groups.layer,
  Dialogues.layer,
  Keys.layer,
  Leases.layer,
  Opportunities.layer,
  OpportunityQueue.layer,
  Outbox.layer,
  RateLimits.layer,
  Receipts.layer,
  ReferenceData.layer,
  RestBudgets.layer,
  SealedRecords.layer,
  SessionExtensions.layer,
  Sessions.layer,
  TelegramUpdates.layer,
  TrackRecord.layer.pipe(Layer.provide(Outbox.layer)),
  UserChannels.layer,
  UserSchedule.layer,
  Users.layer,
)
