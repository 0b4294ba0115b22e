-- What extensions do by the clock.
select 1;
