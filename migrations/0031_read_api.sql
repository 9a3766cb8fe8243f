-- Up Migration

-- The words that the read API and whoever else tells of a figure have for it.

create function tie_strength(strength_f32 real) returns double precision
language sql immutable parallel safe
return least(1, strength_f32 / 1.983::double precision);
comment on function tie_strength(real) is 'edge_strength.strength_f32 within [0, 1]: 1.983 is that of a pair that tapped in each of 13 weeks, last today.';

create function tie_health(strength double precision) returns text
language sql immutable parallel safe
return case
  when strength >= 0.8 then 'excellent'
  when strength >= 0.6 then 'good'
  when strength >= 0.4 then 'fair'
  else 'needs_attention'
end;
comment on function tie_health(double precision) is 'What a tie_strength is called.';

create function quest_status(count integer, target integer) returns text
language sql immutable parallel safe
return case
  when count >= target then 'completed'
  when count >= 0.8 * target then 'nearly_done'
  else 'active'
end;
comment on function quest_status(integer, integer) is 'What the progress of a quest is called.';

create function quest_unit(metric text) returns text
language sql immutable parallel safe
return case metric
  when 'active_days' then 'active days'
  when 'streak_days' then 'days in a row'
  when 'new_people' then 'new people'
  when 'new_areas' then 'new areas'
  when 'assists' then 'introductions'
  else metric
end;
comment on function quest_unit(text) is 'What a quest''s metric counts, in words.';

-- Down Migration

drop function quest_unit(text);
drop function quest_status(integer, integer);
drop function tie_health(double precision);
drop function tie_strength(real);
