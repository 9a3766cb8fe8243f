-- The city that each cell counts as; no row where there is none. $1 cells, separated by commas.
select given.geohash5, given.place_id
from (
  select cell.geohash5, geohash5_place(cell.geohash5) as place_id
  from unnest(string_to_array($1::text, ',')) as cell (geohash5)
) as given
where given.place_id is not null
