-- In a repair: the windows of all areas are derived again, because a wrong window may be of an area without any flagged
-- hour.
--! reads: batch_user, surge_hour
--! before: surge_windows
--! writes: changed_surge_area
--! grain: geohash5
--! runs: repair
select surge_windows.geohash5 from surge_windows
union
select surge_hour.geohash5 from surge_hour
