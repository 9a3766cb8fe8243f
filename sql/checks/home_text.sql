-- A row for every user with a home text and for nobody else, of the text that the user has now. A text may have changed
-- since the last run, so this tells stale rows from no others.
--! table: home_location_struct
--! says: a row per home text, as the text is now
--! weight: stale
with home as (
  select app_user.id as user_id, app_user.home as original_text
  from app_user
  where app_user.home ~ '[^\u0001-\u0020\u007f-\u00a0\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]'
), compared as (
  select
    user_id,
    home.original_text as expected_text,
    home_location_struct.original_text as stored_text
  from home
  full join home_location_struct using (user_id)
)
select
  format('user_id %s', compared.user_id) as key,
  compared.user_id,
  null::uuid as other_id,
  null::date as day,
  rule.column_name,
  rule.stored,
  rule.expected,
  null::date as mark_day,
  compared.user_id as mark_user
from compared
cross join lateral (
  values
    (
      (compared.expected_text is null) = (compared.stored_text is null),
      'row',
      case when compared.stored_text is null then 'missing' else 'there' end,
      case when compared.expected_text is null then 'no row' else 'there' end
    ),
    (
      compared.expected_text is null
        or compared.stored_text is null
        or compared.expected_text = compared.stored_text,
      'original_text',
      compared.stored_text,
      compared.expected_text
    )
) as rule (holds, column_name, stored, expected)
where not rule.holds
