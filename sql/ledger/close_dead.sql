-- Marks runs that vanished without a word as dead, on behalf of the command $1, which holds the lock that they would. A
-- follow, which takes that lock only for a cycle, has one of its own.
update run
set
  state = 'dead',
  ended_at = now(),
  message = 'It ended without a word: killed, or its host went away.'
where state = 'running'
  and (command = 'follow') = ($1::text = 'follow')
