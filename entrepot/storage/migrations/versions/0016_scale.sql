-- Indexes that large worlds need.

select 1;
