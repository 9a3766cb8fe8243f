-- In a repair: whoever's connections are walked, for whichever user.
--! reads: second_degree_needed
--! writes: second_degree_asked
--! grain: user_key
--! runs: repair
--! spread: by_user
select second_degree_needed.user_key from second_degree_needed
