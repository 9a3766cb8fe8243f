-- Whether each node of the cluster can commit in two phases.
select
  format('%s:%s', pg_dist_node.nodename, pg_dist_node.nodeport) as name,
  coalesce(answer.result, '0')::integer > 0 as is_set
from run_command_on_all_nodes('show max_prepared_transactions') as answer
join pg_dist_node on pg_dist_node.nodeid = answer.nodeid
where pg_dist_node.groupid <> 0
order by 1
