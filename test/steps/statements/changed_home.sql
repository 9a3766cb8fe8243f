-- prepare
create temp table changed_home as
with parser as materialized (
  -- gazetteer_load speaks for the places
  select '4-' || left(md5(concat_ws('|', load.digest, alias.digest)), 10) as version
  from (select max(digest) as digest from gazetteer_load) as load
  cross join (
    select md5(string_agg(row_text, ' ' order by row_text collate "C")) as digest
    from (
      select concat_ws('|', alias_key, coalesce(city, '-'), coalesce(state, '-'), coalesce(country, '-')) as row_text
      from gazetteer_alias
    ) as alias_row
  ) as alias
), different as materialized (
  -- All homes are compared, of which few differ: apart from the rest, or the planner asks of each first whether it is
  -- blank.
  select
    coalesce(housed.id, known.user_id) as user_id,
    housed.home,
    parser.version as parser_version,
    known.user_id is not null as is_known
  from (
    select app_user.id, app_user.home from app_user where app_user.id is not null and app_user.home is not null
  ) as housed
  full join home_location_struct as known on known.user_id = housed.id
  cross join parser
  where housed.home is distinct from known.original_text
    or known.parser_version <> parser.version
    or coalesce(housed.id, known.user_id) in (select batch_user.user_id from batch_user)
), compared as (
  select
    different.user_id,
    -- a home of blanks (also of exotic ones) is none
    case
      when different.home ~ '[^\u0001-\u0020\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]'
        then different.home
    end as original_text,
    different.parser_version,
    different.is_known
  from different
)
select compared.user_id, compared.original_text, compared.parser_version
from compared
where compared.original_text is not null or compared.is_known;
