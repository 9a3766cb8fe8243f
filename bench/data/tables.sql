create table public.users (id uuid primary key, name text, home text);
create table public.taps (
  id bigint generated always as identity primary key,
  id1 uuid,
  id2 uuid,
  time timestamptz,
  latitude double precision,
  longitude double precision
);
