-- Today in the zone $1.
select (now() at time zone $1::text)::date as today
