-- Up Migration

create table area_hour (
  geohash5 text not null,
  starts_at timestamptz not null,
  day date not null,
  slot smallint not null check (slot between 0 and 167),
  tap_count integer not null check (tap_count > 0),
  user_keys integer[] not null check (cardinality(user_keys) > 0),
  primary key (geohash5, starts_at)
);
create index area_hour_day on area_hour (day);
comment on table area_hour is 'A row per geohash5 cell and local clock hour of a processed day with a tap there. Private: who was in an hour leaves the schema only as a count, and only from five on.';
comment on column area_hour.geohash5 is 'The cell of the taps'' coordinates.';
comment on column area_hour.starts_at is 'When the local clock hour began. The hour that a clock set back shows twice is two hours.';
comment on column area_hour.day is 'Its local date.';
comment on column area_hour.slot is 'Its hour of the week on the local clock: 0 is Monday 00:00, 167 Sunday 23:00.';
comment on column area_hour.tap_count is 'Taps in the cell.';
comment on column area_hour.user_keys is 'The users who tapped there, each once, ascending.';
comment on index area_hour_day is 'All hours of a day.';

create table surge_hour (
  geohash5 text not null,
  starts_at timestamptz not null,
  tap_count integer not null check (tap_count >= 5),
  expected_taps numeric not null check (expected_taps > 0),
  next_expected_taps numeric not null check (next_expected_taps > 0),
  primary key (geohash5, starts_at)
);
comment on table surge_hour is 'The hours that were flagged: far more taps in a cell than its baseline says. Private; surge_windows joins them.';
comment on column surge_hour.geohash5 is 'The cell.';
comment on column surge_hour.starts_at is 'The hour, as in area_hour.';
comment on column surge_hour.tap_count is 'Its taps.';
comment on column surge_hour.expected_taps is 'The taps that its baseline says.';
comment on column surge_hour.next_expected_taps is 'What the same baseline says for the following hour, for a window that spans an hour between two flagged ones.';

create table surge_area (
  geohash5 text primary key,
  area_name text not null,
  named_from text not null
);
comment on table surge_area is 'The names of cells that had a surge.';
comment on column surge_area.geohash5 is 'The cell.';
comment on column surge_area.area_name is 'The nearest place of the gazetteer, or the cell where none is near.';
comment on column surge_area.named_from is 'Which gazetteer it was named from: another one names all areas again.';

create table surge_windows (
  window_id text primary key,
  area_name text not null,
  geohash5 text not null check (geohash5 ~ '^[0-9b-hjkmnp-z]{5}$'),
  start_time timestamptz not null,
  end_time timestamptz not null,
  surge_multiplier numeric(4, 2) not null check (surge_multiplier between 1 and 10),
  expected_taps numeric(14, 3) not null check (expected_taps > 0),
  tap_count integer not null check (tap_count >= 5),
  unique_users integer not null,
  check (start_time < end_time),
  constraint surge_has_five_users_or_more check (unique_users >= 5)
);
create index surge_windows_area on surge_windows (geohash5, start_time);
create index surge_windows_time on surge_windows (start_time, end_time);
comment on table surge_windows is 'A row per stretch of hours in which a cell had far more taps than usual. Only stretches with five distinct users or more exist.';
comment on column surge_windows.window_id is 'The cell and the start in UTC, for example dr5ru-20100312T0100Z.';
comment on column surge_windows.area_name is 'The nearest place of the gazetteer, or the cell where none is near.';
comment on column surge_windows.geohash5 is 'The cell.';
comment on column surge_windows.start_time is 'Start of the first flagged local clock hour.';
comment on column surge_windows.end_time is 'End of the last one.';
comment on column surge_windows.surge_multiplier is '(tap_count + 1) / (expected_taps + 1), at most 10.';
comment on column surge_windows.expected_taps is 'The taps that the baseline of the eight weeks before says for the window.';
comment on column surge_windows.tap_count is 'The taps of the window.';
comment on column surge_windows.unique_users is 'Distinct users over the window, five or more.';
comment on constraint surge_has_five_users_or_more on surge_windows is 'Fewer people than five are never shown as a crowd.';
comment on index surge_windows_area is 'The surges of a cell, in time.';
comment on index surge_windows_time is 'The surges at a time.';

create function geohash5_name(cell text) returns text
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
  -- Half a degree is about 55 km; a degree of longitude is narrower away from the equator.
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

-- Down Migration

drop function geohash5_name(text);
drop table surge_windows;
drop table surge_area;
drop table surge_hour;
drop table area_hour;
