-- The nodes of the Citus cluster that this server knows, the coordinator first, and whether it is itself the
-- coordinator. A node that is switched off is not asked.
select
  format('%s:%s', pg_dist_node.nodename, pg_dist_node.nodeport) as name,
  pg_dist_node.groupid = 0 as is_coordinator,
  pg_dist_node.isactive as is_active,
  pg_dist_node.isactive and citus_check_connection_to_node(pg_dist_node.nodename, pg_dist_node.nodeport) as answers
from pg_dist_node
where pg_dist_node.noderole = 'primary'
order by pg_dist_node.groupid
