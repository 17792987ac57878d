/**
 * Migration 24: by which channel a row of the queue leaves.
 *
 * It begins with the first of its user's route (`user_channels`, Telegram at position 0) and moves on when that one
 * fails. Rows of before this migration were all Telegram's.
 */
export const queueChannels: ReadonlyArray<string> = [
  `alter table opportunity_distribution_queue add column channel text not null default 'telegram'
    check (channel in ('telegram', 'webhook', 'email', 'web_push'))`,
]
