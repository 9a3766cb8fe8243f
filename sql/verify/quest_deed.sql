-- Everything that the users did and that counts for an active quest ("deeds").
insert into quest_deed (metric, user_id, day, tapped_at)
select deed.metric, deed.user_id, deed.day, deed.tapped_at
from deed
join wanted_metric on wanted_metric.metric = deed.metric
join verify_user on verify_user.user_id = deed.user_id
