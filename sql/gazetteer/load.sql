-- Notes which data the tables hold. $1 digest.
insert into gazetteer_load (digest) values ($1)
on conflict (only_row) do update set digest = excluded.digest
