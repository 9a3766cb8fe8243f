-- In a repair: all weeks in which connections were made.
--! reads: batch_user, pair
--! writes: made_week
--! grain: week
--! runs: repair
--! spread: by_user
select distinct week_number(pair.first_day) from pair
