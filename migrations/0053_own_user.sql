-- Up Migration

create view own_user as select user_key.user_id, user_key.user_key from user_key;
comment on view own_user is 'The users whose figures a step derives: all of user_key, or, where figures are spread over a cluster, those of a shard.';
comment on column own_user.user_id is 'The user.';
comment on column own_user.user_key is 'Their private key.';

-- Down Migration

drop view own_user;
