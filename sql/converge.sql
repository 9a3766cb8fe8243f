-- How every stored table is brought to what its step's SELECT says. The words in double braces are filled in from the
-- step's header: `arc-gam step NAME` shows the statements as they run. No statement reads the table that it modifies.

--: stage (what differs: the SELECT against the stored rows that the step answers for)
create {{persistence}} table {{stage}} as
select
{{stage_columns}}
from (
  select
{{wanted_columns}}
  from (
{{select}}
  ) as selected
) as wanted
full join (
{{stored}}
) as stored using ({{grain}})
where {{is_different}}

--: stage_of_new (where a step answers for no stored row, all that it says is new)
create {{persistence}} table {{stage}} as
select
{{new_columns}}
from (
{{select}}
) as selected

--: stage_of_gone (where nothing should be there)
create {{persistence}} table {{stage}} as
select
{{gone_columns}}
from (
{{stored}}
) as stored

--: count
select
  (count(*) filter (where not is_stored))::integer as inserted,
  (count(*) filter (where is_stored and is_wanted))::integer as updated,
  (count(*) filter (where not is_wanted))::integer as deleted
from stage

--: delete
delete from {{table}} as target
using stage
where not stage.is_wanted
  and {{is_same_row}}

--: delete_placed (of a table that is on other nodes too: of one that each has, Citus only takes such a subquery)
delete from {{table}} as target
where {{target_row}} in (
  select {{stage_row}}
  from stage
  where not stage.is_wanted
)

--: upsert
insert into {{table}} as target ({{columns}})
select {{staged_columns}}
from {{staged}}
where {{is_wanted}}
order by {{order}}
on conflict ({{key}}) do update set
{{assignments}}

--: fill (an empty table, stripped of its keys until it is full)
insert into {{table}} ({{columns}})
select {{staged_columns}}
from {{staged}}
where {{is_wanted}}
order by {{order}}
