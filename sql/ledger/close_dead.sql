-- Marks runs that vanished without a word as dead: $1 where nobody else holds the lock that a run would, $2 where
-- nobody else holds the one that a follow has for itself.
update run
set
  state = 'dead',
  ended_at = now(),
  message = 'It ended without a word: killed, or its host went away.'
where state = 'running'
  and case when command = 'follow' then $2::boolean else $1::boolean end
