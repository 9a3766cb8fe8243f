-- The application's side of the demo: the two tables that arc-gam only ever reads.
create table public.users (
  id uuid primary key,
  name text,
  home text
);

create table public.taps (
  id uuid primary key,
  id1 uuid,
  id2 uuid,
  time timestamptz,
  latitude double precision,
  longitude double precision
);

create index taps_time on public.taps (time);
