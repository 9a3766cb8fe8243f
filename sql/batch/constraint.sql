-- The rule of the constraint $1 of the table $2, and the expression where it is a check.
select pg_get_constraintdef(oid) as rule, pg_get_expr(conbin, conrelid) as expression
from pg_constraint
where conname = $1::text and conrelid = to_regclass($2::text)
