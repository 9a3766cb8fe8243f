-- In a repair: all areas are joined to windows again, for a window may be of none.
--! reads: batch_user, surge_hour
--! before: surge_windows
--! writes: changed_surge_area
--! grain: geohash5
--! runs: repair
select surge_windows.geohash5 from surge_windows
union
select surge_hour.geohash5 from surge_hour
