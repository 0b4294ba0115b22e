-- The chain of each object: null where a row was sealed before there was one.
alter table seals add column object_hash bytea;

-- Where the chain stood at a moment, signed under a key that lies outside the database.
create table heads (
    position bigint primary key,
    hash bytea not null,
    at timestamptz(3) not null,
    signature bytea not null
);
create trigger heads_append_only before update or delete or truncate on heads
    for each statement execute function entrepot_append_only();

-- Ids that are drawn are looked up before they are given out: those of copies have no index of their own.
create index order_subscriptions_id on order_subscriptions (id);
create index order_assets_id on order_assets (id);
