# /opportunities.
opportunities-open = { $fitting ->
    [one] <b>Сейчас вам подходит { $fitting } возможность:</b>
    [few] <b>Сейчас вам подходят { $fitting } возможности:</b>
   *[many] <b>Сейчас вам подходят { $fitting } возможностей:</b>
    }
    .best = { $fitting ->
    [one] <b>Сейчас вам подходит { $fitting } возможность.</b> Лучшие { $shown }:
    [few] <b>Сейчас вам подходят { $fitting } возможности.</b> Лучшие { $shown }:
   *[many] <b>Сейчас вам подходят { $fitting } возможностей.</b> Лучшие { $shown }:
    }
    .none = { $fitting ->
    [one] <b>Сейчас вам подходит { $fitting } возможность.</b>
    [few] <b>Сейчас вам подходят { $fitting } возможности.</b>
   *[many] <b>Сейчас вам подходят { $fitting } возможностей.</b>
    }
opportunities-none = 🔍 <b>Прямо сейчас ничего не открыто.</b> Настоящие возможности редки и коротки; я сообщу.
opportunities-none-fit = 🔍 <b>Подходящего вам сейчас нет.</b> Открыто, но не для вас: { $open } ({ $why }).
# Why some are not shown, counted.
opportunities-misfit =
    .tier_type = { $count } не входит в ваш тариф
    .unwanted_type = { $count } других видов
    .below_min_net_bps = { $count } ниже вашего минимума
    .unwanted_venue = { $count } на других биржах
    .unwanted_pair = { $count } по другим парам
    .muted_pair = { $count } по отключённым парам
# What the plan's limit keeps back.
opportunities-limit =
    .hour = ⏳ Ещё { $kept } не показано: часовой лимит тарифа { $tier } исчерпан.
    .day = ⏳ Ещё { $kept } не показано: дневной лимит тарифа { $tier } исчерпан.
    .free = Следующая: { $at } ({ $zone }). То, что вы уже видели, можно смотреть снова.
    .more = У тарифа { $tier } лимит выше.
