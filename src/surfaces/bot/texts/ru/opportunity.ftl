# /opportunity.
opportunity-usage = 🔎 Скажите, какую: <code>/opportunity</code> и её номер или первые шесть его цифр. Номер стоит на карточке в подробностях.
opportunity-unknown = 🤔 Ни одна возможность не начинается с <code>{ $id }</code>. Через несколько дней они забываются.
opportunity-several = 🤔 С <code>{ $id }</code> начинаются несколько возможностей: укажите больше цифр.
opportunity-tier = 🔒 Ваш тариф ({ $tier }) не включает этот вид. /profile покажет, что он включает.
