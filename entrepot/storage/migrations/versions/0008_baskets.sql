-- Baskets, what a vendor declares about seats, and the people at a licensee.

create table baskets (
    id text collate "C" not null,
    revision integer not null,
    status text collate "C" not null check (status in ('Submitted', 'PendingApproval', 'Cancelled', 'PendingManual', 'Processing', 'Completed', 'Failed')),
    status_notes jsonb,
    notes text collate "C",
    ordered_by_type text collate "C" check (ordered_by_type in ('Partner', 'Customer', 'Distributor')),
    ordered_by_email text collate "C",
    licensee_id text collate "C",
    client_id text collate "C",
    buyer_id text collate "C",
    seller_id text collate "C",
    external_ids_client text collate "C",
    external_ids_operations text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_pending_approval_at timestamptz(3),
    audit_pending_approval_by_id text collate "C",
    audit_submitted_at timestamptz(3),
    audit_submitted_by_id text collate "C",
    audit_processing_at timestamptz(3),
    audit_processing_by_id text collate "C",
    audit_pending_manual_at timestamptz(3),
    audit_pending_manual_by_id text collate "C",
    audit_completed_at timestamptz(3),
    audit_completed_by_id text collate "C",
    audit_failed_at timestamptz(3),
    audit_failed_by_id text collate "C",
    audit_cancelled_at timestamptz(3),
    audit_cancelled_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (id)
);

create table basket_lines (
    id text collate "C" not null,
    revision integer not null,
    basket_id text collate "C" not null,
    number integer check (number >= 1),
    item_id text collate "C",
    quantity integer check (quantity >= 1),
    start_date timestamptz(3),
    parent_number integer check (parent_number >= 1),
    parent_subscription_id text collate "C",
    parameters_ordering jsonb,
    price_currency text collate "C",
    price_unit_sp numeric,
    price_spx1 numeric,
    price_spx_m numeric,
    price_spx_y numeric,
    status text collate "C" not null check (status in ('Submitted', 'Processing', 'PendingManual', 'Completed', 'Failed', 'Cancelled')),
    reason text collate "C",
    order_id text collate "C",
    subscription_id text collate "C",
    primary key (basket_id, id)
);

create table licensee_contacts (
    id text collate "C" not null,
    revision integer not null,
    licensee_id text collate "C" not null,
    first_name text collate "C",
    last_name text collate "C",
    email text collate "C",
    phone text collate "C",
    roles jsonb,
    account_id text collate "C",
    buyer_id text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"firstName":' || entrepot_quote("first_name"), '') || coalesce(',"lastName":' || entrepot_quote("last_name"), '') || coalesce(',"email":' || entrepot_quote("email"), ''), 2) || '}')) stored,
    primary key (id)
);

alter table agreements add column basket_id text collate "C";
alter table items add column settings jsonb;
alter table licensees add column website text collate "C";
alter table licensees add column settings_self_service_allowed boolean;
alter table licensees add column settings_order_approval_required boolean;
alter table licensees add column settings_bill_on_behalf_of boolean;

create index baskets_client_created on baskets (client_id, audit_created_at, id);
create index baskets_client_status on baskets (client_id, status, audit_created_at, id);
create index baskets_created on baskets (audit_created_at, id);
create index baskets_licensee on baskets (licensee_id, audit_created_at, id);
create index basket_lines_order on basket_lines (order_id);
create index agreements_basket on agreements (basket_id) where basket_id is not null;
create index licensee_contacts_licensee on licensee_contacts (licensee_id);

alter table licensee_contacts add constraint licensee_contacts_licensee_id_fkey foreign key (licensee_id) references licensees (id) deferrable;
alter table licensee_contacts add constraint licensee_contacts_account_id_fkey foreign key (account_id) references accounts (id) deferrable;
alter table licensee_contacts add constraint licensee_contacts_buyer_id_fkey foreign key (buyer_id) references buyers (id) deferrable;
alter table licensee_contacts add constraint licensee_contacts_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table licensee_contacts add constraint licensee_contacts_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table agreements add constraint agreements_basket_id_fkey foreign key (basket_id) references baskets (id) deferrable;
alter table baskets add constraint baskets_licensee_id_fkey foreign key (licensee_id) references licensees (id) deferrable;
alter table baskets add constraint baskets_client_id_fkey foreign key (client_id) references accounts (id) deferrable;
alter table baskets add constraint baskets_buyer_id_fkey foreign key (buyer_id) references buyers (id) deferrable;
alter table baskets add constraint baskets_seller_id_fkey foreign key (seller_id) references sellers (id) deferrable;
alter table baskets add constraint baskets_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table baskets add constraint baskets_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table baskets add constraint baskets_audit_pending_approval_by_id_fkey foreign key (audit_pending_approval_by_id) references identities (id) deferrable;
alter table baskets add constraint baskets_audit_submitted_by_id_fkey foreign key (audit_submitted_by_id) references identities (id) deferrable;
alter table baskets add constraint baskets_audit_processing_by_id_fkey foreign key (audit_processing_by_id) references identities (id) deferrable;
alter table baskets add constraint baskets_audit_pending_manual_by_id_fkey foreign key (audit_pending_manual_by_id) references identities (id) deferrable;
alter table baskets add constraint baskets_audit_completed_by_id_fkey foreign key (audit_completed_by_id) references identities (id) deferrable;
alter table baskets add constraint baskets_audit_failed_by_id_fkey foreign key (audit_failed_by_id) references identities (id) deferrable;
alter table baskets add constraint baskets_audit_cancelled_by_id_fkey foreign key (audit_cancelled_by_id) references identities (id) deferrable;
alter table basket_lines add constraint basket_lines_basket_id_fkey foreign key (basket_id) references baskets (id) deferrable;
alter table basket_lines add constraint basket_lines_item_id_fkey foreign key (item_id) references items (id) deferrable;
alter table basket_lines add constraint basket_lines_parent_subscription_id_fkey foreign key (parent_subscription_id) references subscriptions (id) deferrable;
alter table basket_lines add constraint basket_lines_order_id_fkey foreign key (order_id) references orders (id) deferrable;
alter table basket_lines add constraint basket_lines_subscription_id_fkey foreign key (subscription_id) references subscriptions (id) deferrable;
