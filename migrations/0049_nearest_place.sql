-- Up Migration

-- A degree of longitude is narrower away from the equator, and the antimeridian is no border.
create or replace function geohash5_place(cell text) returns integer
language plpgsql stable strict parallel safe
as $$
declare
  middle record;
  -- degrees of longitude that are as wide as half a degree of latitude
  reach double precision;
begin
  middle := geohash5_middle(cell);
  reach := least(180, 0.5 / greatest(cosd(middle.latitude), 0.001));
  return (
    select coalesce(place.city_id, place.place_id)
    from gazetteer_place as place
    where place.latitude between middle.latitude - 0.5 and middle.latitude + 0.5
      and (
        place.longitude between middle.longitude - reach and middle.longitude + reach
        or place.longitude >= middle.longitude - reach + 360
        or place.longitude <= middle.longitude + reach - 360
      )
    order by
      (place.latitude - middle.latitude) ^ 2
        + (
          least(abs(place.longitude - middle.longitude), 360 - abs(place.longitude - middle.longitude))
            * cosd(middle.latitude)
        ) ^ 2,
      place.population desc,
      place.place_id
    limit 1
  );
end
$$;
comment on function geohash5_place(text) is 'The place_id of the city that a geohash5 cell counts as: the place nearest to its middle, or the city that this place is a section of; null where none is within half a degree of latitude, about 55 km, to the north, south, east or west.';

-- Down Migration

create or replace function geohash5_place(cell text) returns integer
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
