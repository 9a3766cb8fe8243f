-- A digest of who has opted out: another one, other people are left out.
select coalesce(sum(uuid_hash_extended(app_user.id, 0)::numeric), 0)::text as digest
from app_user
where app_user.opted_out
