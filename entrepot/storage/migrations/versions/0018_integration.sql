-- Extensions, what belongs to them, and tasks.

select 1;
