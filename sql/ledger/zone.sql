-- Records the zone $1, unless it is the recorded one.
insert into setting as target (key, value) values ('zone', $1::text)
on conflict (key) do update set value = excluded.value where target.value <> excluded.value
