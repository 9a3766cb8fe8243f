-- With the same geohash5_name() as the steps, which finds the gazetteer by the search path: which place is nearest has
-- one answer.
set local search_path = reference, gamification, pg_catalog;
create table surge_area as
select geohash5, geohash5_name(geohash5) as area_name
from (select distinct geohash5 from surge_hour) as area;
alter table surge_area add primary key (geohash5);
