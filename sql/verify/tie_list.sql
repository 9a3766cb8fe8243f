-- The connections as one list per user, so that following paths needs no look-up for each step.
insert into tie_list (person_key, friend_keys, first_weeks)
select tie.person_key, array_agg(tie.friend_key), array_agg(tie.first_week)
from tie
group by tie.person_key
