-- Event subscriptions, deliveries and their attempts.

select 1;
