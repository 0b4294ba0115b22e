-- What else vendors validate.
select 1;
