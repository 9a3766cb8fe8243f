-- Totals of the source and of the figures.
select
  (select count(*)::integer from public.users) as users,
  (select count(*)::integer from public.taps) as taps,
  (select coalesce(sum(processed_day.tap_count), 0)::integer from processed_day) as "valid taps",
  (select count(*)::integer from processed_day) as days,
  (select count(*)::integer from pair) as connections,
  (select count(*)::integer from edge_strength) as "ties of 90 days"
