/**
 * Migration 34: the newest analysis of each type and instrument.
 *
 * One row a type and subject, replaced by the next; the past of them is in the archive (`analysis-results`). It names
 * nobody: analyses of a user's positions will need a column for whose they are.
 */
export const analysisResults: ReadonlyArray<string> = [
  `create table ai_analysis_results (
    analysis_type text not null,
    subject text not null,
    made_at timestamptz not null,
    expires_at timestamptz not null,
    result jsonb not null,
    primary key (analysis_type, subject)
  )`,
]
