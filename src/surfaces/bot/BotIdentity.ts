/**
 * Who the bot is, as grammY wants to know it.
 *
 * In: what Telegram says of it. Out: grammY's record, of which routing reads the name and the id. Promises: grammY never
 * calls Telegram itself, so the rest says no.
 */
import type { UserFromGetMe } from "grammy/types"

export interface Named {
  readonly id: number
  readonly firstName: string
  readonly username: string
}

export const identityOf = ({ firstName, id, username }: Named): UserFromGetMe => ({
  id,
  is_bot: true,
  first_name: firstName,
  username,
  can_join_groups: true,
  can_read_all_group_messages: false,
  can_manage_bots: false,
  supports_inline_queries: false,
  supports_join_request_queries: false,
  can_connect_to_business: false,
  has_main_web_app: false,
  has_topics_enabled: false,
  allows_users_to_create_topics: false,
})
