-- Up Migration

create table frozen_day (
  day date primary key,
  pair_day_digest numeric not null,
  pair_day_tap_digest numeric not null,
  frozen_cell_digest numeric not null,
  late_tap_count integer not null default 0 check (late_tap_count >= 0)
);
comment on table frozen_day is 'The frozen days, all of P before a day: their facts stand in for their taps, which may have left the source. Written by arc-gam freeze, emptied by arc-gam thaw.';
comment on column frozen_day.day is 'A processed day whose taps are not read again.';
comment on column frozen_day.pair_day_digest is 'The sum of a hash of each of the day''s rows of pair_day when it was frozen, less those of people who were erased since: verify finds a row that was touched.';
comment on column frozen_day.pair_day_tap_digest is 'The same of pair_day_tap.';
comment on column frozen_day.frozen_cell_digest is 'The same of frozen_cell.';
comment on column frozen_day.late_tap_count is 'Valid taps of the day in the source that its facts do not have, because they came after it was frozen: they count nowhere.';

create table frozen_cell (
  day date not null,
  geohash5 text not null,
  starts_at timestamptz not null,
  slot smallint not null check (slot between 0 and 167),
  u1_key integer not null,
  u2_key integer not null,
  tap_count integer not null check (tap_count > 0),
  first_tap_at timestamptz not null,
  primary key (day, geohash5, starts_at, slot, u1_key, u2_key)
);
comment on table frozen_cell is 'Which pairs tapped in which geohash5 cell and local clock hour of a frozen day. Cells and hours are facts of many people; with this one of them can be erased from them without the taps.';
comment on column frozen_cell.day is 'A frozen day.';
comment on column frozen_cell.geohash5 is 'The cell of the taps'' coordinates.';
comment on column frozen_cell.starts_at is 'When the local clock hour began, as in area_hour.';
comment on column frozen_cell.slot is 'Its hour of the week, as in area_hour.';
comment on column frozen_cell.u1_key is 'As in pair_day.';
comment on column frozen_cell.u2_key is 'As in pair_day.';
comment on column frozen_cell.tap_count is 'Taps of the pair in the cell and hour.';
comment on column frozen_cell.first_tap_at is 'The first of them.';

create function row_hash(row_text text) returns numeric
language sql immutable strict parallel safe
return ('x' || left(md5(row_text), 16))::bit(64)::bigint::numeric;
comment on function row_hash(text) is 'A 64-bit hash of a row written as text. Of md5, which is the same in every version of Postgres: what is frozen is to be held against it for years.';

create view frozen_digest as
select
  frozen_day.day,
  (
    select coalesce(
      sum(
        row_hash(
          concat_ws(
            ' ',
            user1.user_id,
            user2.user_id,
            pair_day.tap_count,
            extract(epoch from pair_day.first_tap_at),
            extract(epoch from pair_day.last_tap_at)
          )
        )
      ),
      0
    )
    from pair_day
    left join user_key as user1 on user1.user_key = pair_day.u1_key
    left join user_key as user2 on user2.user_key = pair_day.u2_key
    where pair_day.day = frozen_day.day
  ) as pair_day_digest,
  (
    select coalesce(
      sum(
        row_hash(
          concat_ws(
            ' ',
            user1.user_id,
            user2.user_id,
            (
              select string_agg(extract(epoch from moment.tapped_at)::text, ' ' order by moment.place)
              from unnest(pair_day_tap.tapped_at) with ordinality as moment (tapped_at, place)
            )
          )
        )
      ),
      0
    )
    from pair_day_tap
    left join user_key as user1 on user1.user_key = pair_day_tap.u1_key
    left join user_key as user2 on user2.user_key = pair_day_tap.u2_key
    where pair_day_tap.day = frozen_day.day
  ) as pair_day_tap_digest,
  (
    select coalesce(
      sum(
        row_hash(
          concat_ws(
            ' ',
            user1.user_id,
            user2.user_id,
            frozen_cell.geohash5,
            frozen_cell.slot,
            frozen_cell.tap_count,
            extract(epoch from frozen_cell.starts_at),
            extract(epoch from frozen_cell.first_tap_at)
          )
        )
      ),
      0
    )
    from frozen_cell
    left join user_key as user1 on user1.user_key = frozen_cell.u1_key
    left join user_key as user2 on user2.user_key = frozen_cell.u2_key
    where frozen_cell.day = frozen_day.day
  ) as frozen_cell_digest
from frozen_day;
comment on view frozen_digest is 'The digests of the frozen days as their rows are now. People are named by their ids, so that a private key that was given to somebody else is noticed.';
comment on column frozen_digest.day is 'A frozen day.';
comment on column frozen_digest.pair_day_digest is 'Of its rows of pair_day.';
comment on column frozen_digest.pair_day_tap_digest is 'Of its rows of pair_day_tap.';
comment on column frozen_digest.frozen_cell_digest is 'Of its rows of frozen_cell.';

-- Down Migration

do $$
begin
  if exists (select 1 from frozen_day) then
    raise exception using
      errcode = 'object_not_in_prerequisite_state',
      message = 'Days are frozen, and their figures would go with what this migration takes back. Bring their taps back and run: arc-gam thaw';
  end if;
end
$$;
drop view frozen_digest;
drop function row_hash(text);
drop table frozen_cell;
drop table frozen_day;
