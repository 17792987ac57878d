/**
 * All conformance suites of the Store, to be run against each implementation.
 */
import { describe } from "vitest"
import { storeActors } from "./StoreActors.ts"
import { storeAdminAlerts } from "./StoreAdminAlerts.ts"
import { storeAnalyses } from "./StoreAnalyses.ts"
import { storeAudit, storeDirectory } from "./StoreAudit.ts"
import { storeCore } from "./StoreCore.ts"
import { storeCreditQuotas } from "./StoreCreditQuotas.ts"
import { storeDialogues } from "./StoreDialogues.ts"
import { storeKeys } from "./StoreKeys.ts"
import { storeOnboardings } from "./StoreOnboardings.ts"
import { storeGroups } from "./StoreGroups.ts"
import { storeOpportunities } from "./StoreOpportunities.ts"
import { storeCheckpoints, storeLeases, storeOutbox, storeRateLimits, storeUpdates } from "./StorePipeline.ts"
import { storeAssetIdentities, storeReferenceData } from "./StoreReference.ts"
import { storePriceAlerts } from "./StorePriceAlerts.ts"
import { storePrivacy } from "./StorePrivacy.ts"
import { storeMessages } from "./StoreMessages.ts"
import { storeReceipts } from "./StoreReceipts.ts"
import { storeQueue } from "./StoreQueue.ts"
import { storeQueueCare } from "./StoreQueueCare.ts"
import { storeRestBudgets } from "./StoreRestBudgets.ts"
import { storeSending } from "./StoreSending.ts"
import { storeSessionAnalytics } from "./StoreSessionAnalytics.ts"
import { storeSessions } from "./StoreSessions.ts"
import { storeStandings } from "./StoreStandings.ts"
import { storeTrackRecord } from "./StoreTrackRecord.ts"
import { storeUserChannels } from "./StoreUserChannels.ts"
import { storeUsers } from "./StoreUsers.ts"
import type { Suite } from "./StoreWorld.ts"

export const storeSuites: Suite = (it) => {
  describe("the store", () => storeCore(it))
  describe("the audit log", () => storeAudit(it))
  describe("the directory", () => storeDirectory(it))
  describe("analytics of sessions", () => storeSessionAnalytics(it))
  describe("sessions", () => storeSessions(it))
  describe("what a session was asked", () => storeDialogues(it))
  describe("onboarding", () => storeOnboardings(it))
  describe("users", () => storeUsers(it))
  describe("users' keys", () => storeKeys(it))
  describe("users' own channels", () => storeUserChannels(it))
  describe("groups", () => storeGroups(it))
  describe("opportunities", () => storeOpportunities(it))
  describe("standings and what was told", () => storeStandings(it))
  describe("the track record", () => storeTrackRecord(it))
  describe("the opportunity queue", () => storeQueue(it))
  describe("messages of several", () => storeMessages(it))
  describe("receipts", () => storeReceipts(it))
  describe("price alerts", () => storePriceAlerts(it))
  describe("alerts to admins", () => storeAdminAlerts(it))
  describe("analyses of markets", () => storeAnalyses(it))
  describe("personal data", () => storePrivacy(it))
  describe("the care of the queue", () => storeQueueCare(it))
  describe("messages in flight", () => storeSending(it))
  describe("what actors write", () => storeActors(it))
  describe("the outbox", () => storeOutbox(it))
  describe("checkpoints", () => storeCheckpoints(it))
  describe("leases", () => storeLeases(it))
  describe("rate limits", () => storeRateLimits(it))
  describe("quotas of credits", () => storeCreditQuotas(it))
  describe("budgets of REST calls", () => storeRestBudgets(it))
  describe("asset identities", () => storeAssetIdentities(it))
  describe("reference data", () => storeReferenceData(it))
  describe("Telegram updates", () => storeUpdates(it))
}
