-- Up Migration

-- What a cell is called, how far apart two points are and where somebody lives, once for the steps and for the API.

alter table gazetteer_place add column city_id integer;
comment on column gazetteer_place.city_id is 'For a section of a city (Hell''s Kitchen): the place_id of the city; null for a city, town or village.';
-- Places that are here already get it when they are filled again, by the same migrate.
delete from gazetteer_load;
create index gazetteer_place_latitude_longitude_idx on gazetteer_place (latitude, longitude);
comment on index gazetteer_place_latitude_longitude_idx is 'Places around a point.';

create function kilometres(
  latitude1 double precision, longitude1 double precision, latitude2 double precision, longitude2 double precision
) returns double precision
language sql immutable parallel safe
return 2 * 6371 * asin(least(1, sqrt(
  power(sind((latitude2 - latitude1) / 2), 2)
  + cosd(latitude1) * cosd(latitude2) * power(sind((longitude2 - longitude1) / 2), 2)
)));
comment on function kilometres(double precision, double precision, double precision, double precision) is
  'Kilometres between two points given in degrees, on a sphere of 6371 km.';

create function geohash5_middle(cell text, out latitude double precision, out longitude double precision)
language plpgsql immutable strict parallel safe
as $$
declare
  x integer := 0;
  y integer := 0;
  code integer;
begin
  -- 25 bits, longitude and latitude by turns, in cells of 45/1024 degrees.
  for bit in 0..24 loop
    code := strpos('0123456789bcdefghjkmnpqrstuvwxyz', substr(cell, 1 + bit / 5, 1)) - 1;
    if bit % 2 = 0 then
      x := 2 * x + (code >> (4 - bit % 5) & 1);
    else
      y := 2 * y + (code >> (4 - bit % 5) & 1);
    end if;
  end loop;
  latitude := (y - 2048 + 0.5) * 0.0439453125;
  longitude := (x - 4096 + 0.5) * 0.0439453125;
end
$$;
comment on function geohash5_middle(text) is 'The middle of a geohash5 cell, in degrees.';

create function geohash5_place(cell text) returns integer
language plpgsql stable strict parallel safe
as $$
declare
  middle record;
begin
  middle := geohash5_middle(cell);
  -- Half a degree is about 55 km; a degree of longitude is narrower away from the equator.
  return (
    select coalesce(place.city_id, place.place_id)
    from gazetteer_place as place
    where place.latitude between middle.latitude - 0.5 and middle.latitude + 0.5
      and place.longitude between middle.longitude - 0.5 and middle.longitude + 0.5
    order by
      (place.latitude - middle.latitude) ^ 2
        + ((place.longitude - middle.longitude) * cos(radians(middle.latitude))) ^ 2,
      place.population desc,
      place.place_id
    limit 1
  );
end
$$;
comment on function geohash5_place(text) is 'The place_id of the city that a geohash5 cell counts as: the place nearest to its middle, or the city that this place is a section of; null where none is within half a degree.';

create or replace function geohash5_name(cell text) returns text
language sql stable strict parallel safe
return coalesce(
  (
    select concat_ws(', ', place.name, coalesce(place.state, place.country))
    from gazetteer_place as place
    where place.place_id = geohash5_place(cell)
  ),
  cell
);
comment on function geohash5_name(text) is 'The city that a geohash5 cell counts as (geohash5_place), with its state or country; the cell itself where there is none.';

create view home_place as
select
  home_location_struct.user_id,
  home_location_struct.country,
  home_location_struct.state,
  home_location_struct.city,
  place.place_id,
  place.latitude,
  place.longitude
from home_location_struct
join lateral (
  select gazetteer_place.place_id, gazetteer_place.latitude, gazetteer_place.longitude
  from gazetteer_place
  where gazetteer_place.geohash5 = home_location_struct.geohash5
    and gazetteer_place.name = home_location_struct.city
    and gazetteer_place.country = home_location_struct.country
  order by gazetteer_place.population desc, gazetteer_place.place_id
  limit 1
) as place on true;
comment on view home_place is 'The home city of every user who has one, with its centre.';
comment on column home_place.user_id is 'The user.';
comment on column home_place.country is 'ISO 3166-1 alpha-2.';
comment on column home_place.state is 'Code in gazetteer_state; null where states are not kept.';
comment on column home_place.city is 'Its name in gazetteer_place.';
comment on column home_place.place_id is 'Its place in the gazetteer.';
comment on column home_place.latitude is 'Degrees north, of the city''s centre.';
comment on column home_place.longitude is 'Degrees east, of the city''s centre.';

-- Down Migration

drop view home_place;
create or replace function geohash5_name(cell text) returns text
language plpgsql stable strict
as $$
declare
  x integer := 0;
  y integer := 0;
  code integer;
  middle_latitude double precision;
  middle_longitude double precision;
begin
  for bit in 0..24 loop
    code := strpos('0123456789bcdefghjkmnpqrstuvwxyz', substr(cell, 1 + bit / 5, 1)) - 1;
    if bit % 2 = 0 then
      x := 2 * x + (code >> (4 - bit % 5) & 1);
    else
      y := 2 * y + (code >> (4 - bit % 5) & 1);
    end if;
  end loop;
  middle_latitude := (y - 2048 + 0.5) * 0.0439453125;
  middle_longitude := (x - 4096 + 0.5) * 0.0439453125;
  return coalesce(
    (
      select concat_ws(', ', place.name, coalesce(place.state, place.country))
      from gazetteer_place as place
      where place.latitude between middle_latitude - 0.5 and middle_latitude + 0.5
        and place.longitude between middle_longitude - 0.5 and middle_longitude + 0.5
      order by
        (place.latitude - middle_latitude) ^ 2
          + ((place.longitude - middle_longitude) * cos(radians(middle_latitude))) ^ 2,
        place.population desc,
        place.place_id
      limit 1
    ),
    cell
  );
end
$$;
comment on function geohash5_name(text) is 'The gazetteer''s place that is nearest to the middle of a geohash5 cell, with its state or country; the cell itself where no place is within half a degree.';
drop function geohash5_place(text);
drop function geohash5_middle(text);
drop function kilometres(double precision, double precision, double precision, double precision);
drop index gazetteer_place_latitude_longitude_idx;
alter table gazetteer_place drop column city_id;
