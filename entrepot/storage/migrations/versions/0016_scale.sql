-- Indexes that large worlds need.

-- What a company holds.
create index subscriptions_licensee on subscriptions (licensee_id);
