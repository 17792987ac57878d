# /opportunities.
opportunities-open = { $fitting ->
    [one] <b>One opportunity fits you now:</b>
   *[other] <b>{ $fitting } opportunities fit you now:</b>
    }
    .best = <b>{ $fitting } opportunities fit you now.</b> The best { $shown }:
    .none = { $fitting ->
    [one] <b>One opportunity fits you now.</b>
   *[other] <b>{ $fitting } opportunities fit you now.</b>
    }
opportunities-none = 🔍 <b>Nothing is open right now.</b> Real opportunities are rare and short; I will tell you.
opportunities-none-fit = 🔍 <b>Nothing that fits you is open right now.</b> Open, but not for you: { $open } ({ $why }).
# Why some are not shown, counted.
opportunities-misfit =
    .tier_type = { $count } not in your plan
    .unwanted_type = { $count } of kinds you did not choose
    .below_min_net_bps = { $count } under your minimum
    .unwanted_venue = { $count } on venues you did not choose
    .unwanted_pair = { $count } of pairs you did not choose
    .muted_pair = { $count } of pairs you muted
# What the plan's limit keeps back.
opportunities-limit =
    .hour = ⏳ { $kept } more not shown: the { $tier } plan's limit for one hour is reached.
    .day = ⏳ { $kept } more not shown: the { $tier } plan's limit for today is reached.
    .free = The next one: { $at } ({ $zone }). What you have seen stays free to look at.
    .more = The { $tier } plan has more.
