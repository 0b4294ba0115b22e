-- Webhooks by which vendors validate.

select 1;
