-- Split billing: who bears the bills of an agreement, and how much of each subscription.

create table agreement_splits (
    id text collate "C" not null,
    revision integer not null,
    agreement_id text collate "C" not null,
    precision integer,
    client_id text collate "C",
    buyer_id text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, ''), 2) || '}')) stored,
    primary key (id)
);

create table agreement_allocations (
    id text collate "C" not null,
    revision integer not null,
    split_id text collate "C" not null,
    buyer_id text collate "C",
    percentage numeric,
    price_currency text collate "C",
    price_spx_y numeric,
    price_spx_m numeric,
    price_ppx_y numeric,
    price_ppx_m numeric,
    statistics_subscriptions integer,
    external_ids_client text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    primary key (split_id, id)
);

create table subscription_splits (
    id text collate "C" not null,
    revision integer not null,
    subscription_id text collate "C" not null,
    agreement_id text collate "C",
    client_id text collate "C",
    buyer_id text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, ''), 2) || '}')) stored,
    primary key (id)
);

create table subscription_allocations (
    id text collate "C" not null,
    revision integer not null,
    split_id text collate "C" not null,
    buyer_id text collate "C",
    percentage numeric,
    price_currency text collate "C",
    price_spx_y numeric,
    price_spx_m numeric,
    price_ppx_y numeric,
    price_ppx_m numeric,
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    primary key (split_id, id)
);

create unique index agreement_splits_agreement on agreement_splits (agreement_id);
create unique index subscription_splits_subscription on subscription_splits (subscription_id);
create index subscription_splits_agreement on subscription_splits (agreement_id);

alter table agreements add column split_id text collate "C";
alter table subscriptions add column split_id text collate "C";

alter table agreements add constraint agreements_split_id_fkey foreign key (split_id) references agreement_splits (id) deferrable;
alter table subscriptions add constraint subscriptions_split_id_fkey foreign key (split_id) references subscription_splits (id) deferrable;
alter table agreement_splits add constraint agreement_splits_agreement_id_fkey foreign key (agreement_id) references agreements (id) deferrable;
alter table agreement_splits add constraint agreement_splits_client_id_fkey foreign key (client_id) references accounts (id) deferrable;
alter table agreement_splits add constraint agreement_splits_buyer_id_fkey foreign key (buyer_id) references buyers (id) deferrable;
alter table agreement_splits add constraint agreement_splits_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table agreement_splits add constraint agreement_splits_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table agreement_allocations add constraint agreement_allocations_split_id_fkey foreign key (split_id) references agreement_splits (id) deferrable;
alter table agreement_allocations add constraint agreement_allocations_buyer_id_fkey foreign key (buyer_id) references buyers (id) deferrable;
alter table agreement_allocations add constraint agreement_allocations_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table agreement_allocations add constraint agreement_allocations_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table subscription_splits add constraint subscription_splits_subscription_id_fkey foreign key (subscription_id) references subscriptions (id) deferrable;
alter table subscription_splits add constraint subscription_splits_agreement_id_fkey foreign key (agreement_id) references agreements (id) deferrable;
alter table subscription_splits add constraint subscription_splits_client_id_fkey foreign key (client_id) references accounts (id) deferrable;
alter table subscription_splits add constraint subscription_splits_buyer_id_fkey foreign key (buyer_id) references buyers (id) deferrable;
alter table subscription_splits add constraint subscription_splits_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table subscription_splits add constraint subscription_splits_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table subscription_allocations add constraint subscription_allocations_split_id_fkey foreign key (split_id) references subscription_splits (id) deferrable;
alter table subscription_allocations add constraint subscription_allocations_buyer_id_fkey foreign key (buyer_id) references buyers (id) deferrable;
alter table subscription_allocations add constraint subscription_allocations_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table subscription_allocations add constraint subscription_allocations_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
