-- How many rows the steps of a batch were given, for --explain.
select
  (select count(*)::integer from batch_day) as days,
  (select count(*)::integer from changed_pair_day) as "pair days changed",
  (select count(*)::integer from changed_pair) as "pairs looked at",
  (select count(*)::integer from changed_user_day) as "user days looked at",
  (select count(distinct changed_user_day.user_id)::integer from changed_user_day) as "users looked at",
  (select count(*)::integer from second_degree_focus) as "users counted anew",
  (select count(distinct changed_user_week.week)::integer from changed_user_week) as "weeks looked at"
