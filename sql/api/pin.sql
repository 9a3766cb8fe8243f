-- What a reading depends on: the names, the zone and the formats as src/db/transaction.ts pins them. $1 search path, $2
-- lock timeout, $3 statement timeout, $4 whether for a transaction only. A plan is made once and kept: an endpoint's
-- statement costs more to plan than to run. Citus can't plan a statement over its tables without the parameters.
select
  set_config('search_path', $1::text, $4::boolean),
  set_config('lock_timeout', $2::text, $4::boolean),
  set_config('statement_timeout', $3::text, $4::boolean),
  set_config('timezone', 'UTC', $4::boolean),
  set_config('datestyle', 'ISO, YMD', $4::boolean),
  set_config('extra_float_digits', '1', $4::boolean),
  set_config('bytea_output', 'hex', $4::boolean),
  set_config('idle_in_transaction_session_timeout', '0', $4::boolean),
  set_config('jit', 'off', $4::boolean),
  set_config(
    'plan_cache_mode',
    case when to_regclass('pg_catalog.pg_dist_partition') is null then 'force_generic_plan' else 'force_custom_plan' end,
    $4::boolean
  )
