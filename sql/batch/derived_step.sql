-- By which SQL a table was derived last: $1 the step, $2 its digest.
insert into derived_step (step, digest) values ($1::text, $2::text)
on conflict (step) do update set digest = excluded.digest
