-- ERP links, cloud tenants, and what else belongs to accounts as companies.

create table erp_links (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    icon text collate "C",
    icon_key text collate "C",
    status text collate "C" not null check (status in ('Active', 'Blocked')),
    buyer_id text collate "C",
    seller_id text collate "C",
    account_id text collate "C",
    company_name text collate "C",
    note text collate "C",
    address jsonb,
    external_ids_erp_company_contact text collate "C",
    external_ids_erp_customer text collate "C",
    external_ids_erp_customer_discount_group text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_blocked_at timestamptz(3),
    audit_blocked_by_id text collate "C",
    audit_unblocked_at timestamptz(3),
    audit_unblocked_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"icon":' || entrepot_quote("icon"), '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (id)
);

create table cloud_tenants (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    type text collate "C" check (type in ('AwsDirect', 'AwsService', 'Csp365', 'CspAzure', 'Ea365', 'EaAzure', 'Slm', 'Virtual')),
    status text collate "C" not null check (status in ('Active', 'Disabled', 'Deleted')),
    account_id text collate "C",
    external_ids_pyra_tenant_id text collate "C",
    external_ids_cloud_consumption_id text collate "C",
    external_ids_provider_id text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), ''), 2) || '}')) stored,
    primary key (id)
);

alter table erp_links add constraint erp_links_icon_key_fkey
    foreign key (icon_key) references files (key) deferrable;
alter table erp_links add constraint erp_links_buyer_id_fkey
    foreign key (buyer_id) references buyers (id) deferrable;
alter table erp_links add constraint erp_links_seller_id_fkey
    foreign key (seller_id) references sellers (id) deferrable;
alter table erp_links add constraint erp_links_account_id_fkey
    foreign key (account_id) references accounts (id) deferrable;
alter table erp_links add constraint erp_links_audit_created_by_id_fkey
    foreign key (audit_created_by_id) references identities (id) deferrable;
alter table erp_links add constraint erp_links_audit_updated_by_id_fkey
    foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table erp_links add constraint erp_links_audit_blocked_by_id_fkey
    foreign key (audit_blocked_by_id) references identities (id) deferrable;
alter table erp_links add constraint erp_links_audit_unblocked_by_id_fkey
    foreign key (audit_unblocked_by_id) references identities (id) deferrable;
alter table cloud_tenants add constraint cloud_tenants_account_id_fkey
    foreign key (account_id) references accounts (id) deferrable;
alter table cloud_tenants add constraint cloud_tenants_audit_created_by_id_fkey
    foreign key (audit_created_by_id) references identities (id) deferrable;
alter table cloud_tenants add constraint cloud_tenants_audit_updated_by_id_fkey
    foreign key (audit_updated_by_id) references identities (id) deferrable;

-- A buyer and a seller are linked once.
create unique index erp_links_pair on erp_links (buyer_id, seller_id);
create index erp_links_seller on erp_links (seller_id);
create index erp_links_account on erp_links (account_id);

-- Until now the licensees of the two told that they are linked, or the list of the buyer did.
insert into erp_links (id, revision, name, status, buyer_id, seller_id, account_id, audit_created_at, audit_created_by_id)
    select 'ERP-' || substr(digits, 1, 4) || '-' || substr(digits, 5, 4) || '-' || substr(digits, 9), 1, b.name, 'Active',
        found.buyer_id, found.seller_id, b.account_id, coalesce(entrepot_now(), now()), 'SVC-0002'
    from (
        -- Numbers that do not repeat: the factor has no divisor in common with the range.
        select buyer_id, seller_id,
            lpad((row_number() over (order by buyer_id, seller_id) * 387420489 % 1000000000000)::text, 12, '0') as digits
        from (
            select owner_id as buyer_id, target_id as seller_id from buyers_sellers
            union select buyer_id, seller_id from licensees where status = 'Active'
        ) pairs
        where buyer_id is not null and seller_id is not null
    ) found join buyers b on b.id = found.buyer_id;
insert into trail (kind, object_id, revision, place, event, name, at, actor_id, accounts, scope, delta, details)
    select 'accounts/erp-links', id, 1, 0, 'platform.accounts.erp_link.created', 'erp_link.found', audit_created_at,
        'SVC-0002', array_remove(array[account_id], null), buyer_id, '{}', '{}'
    from erp_links;

-- The sellers of a buyer are those that it is linked with.
drop table buyers_sellers;
create view buyers_sellers as
    select buyer_id as owner_id, seller_id as target_id,
        (row_number() over (partition by buyer_id order by audit_created_at, id))::integer as place
    from erp_links where status = 'Active';

-- A licensee that is linked and Enabled was waiting for its contacts.
alter table licensees add column awaits_contacts boolean;
update licensees l set awaits_contacts = status = 'Enabled' and exists (
        select from erp_links e where e.buyer_id = l.buyer_id and e.seller_id = l.seller_id
    );

-- Currencies are codes, the one that is used when nothing is said first.
update sellers set currencies = (
        select coalesce(jsonb_agg(code order by first desc, place), '[]')
        from (
            select coalesce(each ->> 'value', each #>> '{}') as code, place,
                coalesce(each ->> 'isDefault', '') = 'true' as first
            from jsonb_array_elements(currencies) with ordinality as of(each, place)
        ) told
    )
    where jsonb_typeof(currencies) = 'array' and currencies::text like '%{%';

alter table accounts add column errors jsonb;

-- What a buyer has is its account's. Not checked for what is there: it holds for all that comes, and for whatever
-- is there when a buyer goes to another account.
create unique index buyers_of_account on buyers (id, account_id);
alter table licensees add constraint licensees_party_fkey
    foreign key (buyer_id, account_id) references buyers (id, account_id) deferrable not valid;
alter table licensee_contacts add constraint licensee_contacts_party_fkey
    foreign key (buyer_id, account_id) references buyers (id, account_id) deferrable not valid;
alter table erp_links add constraint erp_links_party_fkey
    foreign key (buyer_id, account_id) references buyers (id, account_id) deferrable not valid;
alter table agreements add constraint agreements_party_fkey
    foreign key (buyer_id, client_id) references buyers (id, account_id) deferrable not valid;
alter table baskets add constraint baskets_party_fkey
    foreign key (buyer_id, client_id) references buyers (id, account_id) deferrable not valid;

-- What goes along with a buyer, counted when somebody asks.
create function entrepot_users_of_buyer(buyer text) returns integer
    language sql stable
    -- A text, since who is in a group may be kept otherwise one day.
    as $$
        select count(distinct u.owner_id)::integer from user_groups_buyers l join users_groups u on u.target_id = l.owner_id
        where l.target_id = buyer
    $$;
create view buyer_transfers as
    select b.id, b.revision, b.id as buyer_id, b.name, b.status, b.account_id,
        (select count(*)::integer from licensees l where l.buyer_id = b.id and l.status <> 'Deleted')
            as stats_licensee_count,
        (select count(*)::integer from agreements a where a.buyer_id = b.id) as stats_agreement_count,
        (select count(*)::integer from orders o join agreements a on a.id = o.agreement_id where a.buyer_id = b.id)
            as stats_order_count,
        (select count(*)::integer from subscriptions s join agreements a on a.id = s.agreement_id where a.buyer_id = b.id)
            as stats_subscription_count,
        (select count(*)::integer from user_groups_buyers l where l.target_id = b.id) as stats_user_group_count,
        entrepot_users_of_buyer(b.id) as stats_user_count,
        (select count(*)::integer from agreement_splits s join agreement_allocations p on p.split_id = s.id
            where s.buyer_id = b.id and p.buyer_id <> b.id)
        + (select count(*)::integer from agreement_allocations p join agreement_splits s on s.id = p.split_id
            where p.buyer_id = b.id and s.buyer_id <> b.id) as shared_splits,
        b.core
    from buyers b;

-- No two sellers have one number. Where there are two such already, their names must tell them apart.
do $$
begin
    if not exists (
        select from sellers where status <> 'Deleted' and external_id is not null group by external_id having count(*) > 1
    ) then
        create unique index sellers_external_id on sellers (external_id) where status <> 'Deleted';
    end if;
end
$$;
