-- The same graph, a row per person: paths are walked without a look-up for each.
insert into tie_list (person_key, friend_keys, first_weeks)
select tie.person_key, array_agg(tie.friend_key), array_agg(tie.first_week)
from tie
group by tie.person_key
