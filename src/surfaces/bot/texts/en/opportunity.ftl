# /opportunity.
opportunity-usage = 🔎 Say which one: <code>/opportunity</code> and its id, or the first six digits of it. Cards show it under Details.
opportunity-unknown = 🤔 No opportunity begins with <code>{ $id }</code>. They are forgotten after some days.
opportunity-several = 🤔 Several opportunities begin with <code>{ $id }</code>: give more of the id.
opportunity-tier = 🔒 Your plan ({ $tier }) does not include this kind. /profile shows what it includes.
