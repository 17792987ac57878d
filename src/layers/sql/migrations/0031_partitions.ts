/**
 * Migration 31: the analysis remembers its place partition by partition.
 *
 * The one checkpoint `analyse` is divided: each partition goes on where that stood, with its own part of the state. The
 * row itself stays, so that a process of the version before, if one still runs, is not thrown back to the beginning.
 */
export const partitions: ReadonlyArray<string> = [
  `alter table pipeline_checkpoints add column ticks_per_second double precision not null default 0`,
  `insert into pipeline_checkpoints (name, epoch, position, snapshot, updated_at)
    select case jsonb_typeof(part -> 'partition') when 'number' then 'analyse.' else 'analyse.venue.' end
        || (part ->> 'partition'), 1, whole.position,
      jsonb_build_object(
        'partitions', jsonb_build_array(part),
        'rewindTo', whole.snapshot -> 'rewindTo',
        'merge', coalesce((
          select jsonb_agg(lane) from jsonb_array_elements(whole.snapshot -> 'merge') as lane
          where lane -> 'partition' = part -> 'partition'
        ), '[]'::jsonb)
      ), whole.updated_at
    from pipeline_checkpoints as whole, jsonb_array_elements(whole.snapshot -> 'partitions') as part
    where whole.name = 'analyse' and whole.snapshot is not null`,
  `insert into pipeline_checkpoints (name, epoch, position, updated_at)
    select 'analyse.' || number, 1, whole.position, whole.updated_at
    from pipeline_checkpoints as whole, generate_series(0, 15) as number
    where whole.name = 'analyse' and whole.snapshot is not null
    on conflict (name) do nothing`,
]
