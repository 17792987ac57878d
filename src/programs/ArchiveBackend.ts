/**
 * Which archive the settings ask for: a folder, a bucket of an S3-compatible store, or none; and how long it keeps what.
 *
 * In: settings. Out: the ArchiveStore, or what is wrong with the settings, by the variable to change. Promises: nothing is
 * asked and nothing made by this; no secret is in what is told.
 */
import { Duration, type Layer, Option, Redacted, Result } from "effect"
import type { Settings } from "../domain/Settings.ts"
import * as FolderArchive from "../layers/archive/FolderArchive.ts"
import * as S3Archive from "../layers/archive/S3Archive.ts"
import type { ArchiveStore } from "../layers/ArchiveStore.ts"
import type { Keeping } from "../streams/archive/Expiry.ts"
import { BadSettings } from "./Backends.ts"

const bad = (detail: string) => Result.fail(new BadSettings({ detail }))

const bucketOf = (settings: Settings, bucket: string): Result.Result<Layer.Layer<ArchiveStore>, BadSettings> => {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
    return bad(`ARBEDGE_ARCHIVE names no bucket: give s3://bucket, without a path behind it`)
  }
  const { archiveKeyId, archiveRegion: region, archiveSecret } = settings
  if (Option.isNone(archiveKeyId) || Option.isNone(archiveSecret)) {
    return bad("an archive in S3 needs ARBEDGE_ARCHIVE_KEY_ID and ARBEDGE_ARCHIVE_SECRET")
  }
  const endpoint = Option.getOrElse(settings.archiveEndpoint, () => `https://s3.${region}.amazonaws.com`)
  if (!/^https?:\/\/[^/]/.test(endpoint) || !URL.canParse(endpoint)) {
    return bad("ARBEDGE_ARCHIVE_ENDPOINT is no http or https URL")
  }
  return Result.succeed(S3Archive.layer({
    bucketUrl: `${endpoint.replace(/\/+$/, "")}/${bucket}`,
    region,
    accessKeyId: Redacted.value(archiveKeyId.value),
    secretAccessKey: archiveSecret.value,
  }))
}

/** The streams hold facts and results for a week: what is written again from them must not be too old already. */
const LEAST_DAYS = 7
/** Longer than anybody keeps anything, and short enough for every calendar. */
const MOST_DAYS = 36_500

/** How long the archive keeps what. */
export const keepingOf = (settings: Settings): Result.Result<Keeping, BadSettings> => {
  const { archiveAnalyticsDays, archiveAuditDays, archiveDays } = settings
  const days = { DAYS: archiveDays, ANALYTICS_DAYS: archiveAnalyticsDays, AUDIT_DAYS: archiveAuditDays }
  const [wrong] = Object.entries(days).filter(([, count]) => count < LEAST_DAYS || count > MOST_DAYS)
  if (wrong !== undefined) {
    const [name, count] = wrong
    return bad(`ARBEDGE_ARCHIVE_${name} is ${count}: give days from ${LEAST_DAYS} to ${MOST_DAYS}`)
  }
  return Result.succeed({
    "market-data": Duration.days(archiveDays),
    analytics: Duration.days(archiveAnalyticsDays),
    "audit-logs": Duration.days(archiveAuditDays),
  })
}

/** None: nothing is archived. */
export const archiveOf = (settings: Settings): Option.Option<Result.Result<Layer.Layer<ArchiveStore>, BadSettings>> =>
  Option.map(settings.archive, (where) => {
    const keeping = keepingOf(settings)
    if (Result.isFailure(keeping)) return Result.fail(keeping.failure)
    const [, scheme, rest = ""] = /^([a-z0-9+]+):\/\/(.*)$/i.exec(where) ?? []
    if (scheme === undefined) return Result.succeed(FolderArchive.layer(where))
    return scheme.toLowerCase() === "s3"
      ? bucketOf(settings, rest.replace(/\/+$/, ""))
      : bad(`ARBEDGE_ARCHIVE: ${scheme}:// is not known: give a folder, or s3://bucket`)
  })
