-- Deliveries to extensions, as their vendors see them.
select 1;
