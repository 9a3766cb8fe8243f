-- Where figures are spread over a cluster: sql/citus/shard/misplaced.sql says which rows a step would not see.
--! table: figure_shard
--! says: every row is beside its user, and facts of two users beside both
--! needs: misplaced_row
--! key: key
--! day: day
--! mark_day: day
--! mark_user: user_id
--: broken
select key, day, user_id, 'shard' as column_name, stored, expected from misplaced_row
