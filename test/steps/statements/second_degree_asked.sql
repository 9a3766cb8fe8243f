-- prepare
create temp table second_degree_asked as
select second_degree_needed.user_key from second_degree_needed;
