/**
 * Migration 19: what was done in sessions, counted by day of UTC.
 *
 * A row a session, day and kind of activity: commands used, and by their days who came back.
 * Rows go with their session.
 */
export const sessionActivity: ReadonlyArray<string> = [
  `create table session_activity (
    session_id text not null references user_sessions on delete cascade,
    user_id text not null references users,
    day date not null,
    activity text not null,
    times integer not null check (times > 0),
    primary key (session_id, day, activity)
  )`,
  `create index session_activity_user on session_activity (user_id, day)`,
  `create index user_sessions_started on user_sessions (started_at)`,
]
