-- Terms, documents, media, and what goes with prices.

create table product_documents (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    type text collate "C" check (type in ('Online', 'File')),
    description text collate "C",
    language text collate "C",
    url text collate "C",
    filename text collate "C",
    size integer,
    content_type text collate "C",
    file_key text collate "C",
    status text collate "C" not null check (status in ('Draft', 'Unpublished', 'Pending', 'Published', 'Deleted')),
    product_id text collate "C" not null,
    vendor_id text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_pending_at timestamptz(3),
    audit_pending_by_id text collate "C",
    audit_published_at timestamptz(3),
    audit_published_by_id text collate "C",
    audit_unpublished_at timestamptz(3),
    audit_unpublished_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"type":' || entrepot_quote("type"), '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (id)
);
create table product_media (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    type text collate "C" check (type in ('Video', 'Image')),
    description text collate "C",
    display_order integer check (display_order >= 0),
    url text collate "C",
    filename text collate "C",
    size integer,
    content_type text collate "C",
    file_key text collate "C",
    status text collate "C" not null check (status in ('Draft', 'Unpublished', 'Pending', 'Published', 'Deleted')),
    product_id text collate "C" not null,
    vendor_id text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_pending_at timestamptz(3),
    audit_pending_by_id text collate "C",
    audit_published_at timestamptz(3),
    audit_published_by_id text collate "C",
    audit_unpublished_at timestamptz(3),
    audit_unpublished_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"type":' || entrepot_quote("type"), '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (id)
);
create table pricing_policy_attachments (
    id text collate "C" not null,
    revision integer not null,
    pricing_policy_id text collate "C" not null,
    name text collate "C",
    description text collate "C",
    type text collate "C",
    filename text collate "C",
    size integer,
    content_type text collate "C",
    file_key text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), ''), 2) || '}')) stored,
    primary key (id)
);

-- Whose product it is: so its vendor reads in the trail what becomes of it. Variants may hold files.
alter table terms add column vendor_id text collate "C";
update terms t set vendor_id = p.vendor_id from products p where p.id = t.product_id;
alter table terms_variants add column vendor_id text collate "C", add column file_key text collate "C";
update terms_variants v set vendor_id = t.vendor_id from terms t where t.id = v.terms_and_conditions_id;
alter table items add column vendor_id text collate "C";
update items i set vendor_id = p.vendor_id from products p where p.id = i.product_id;
alter table items add constraint items_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table price_list_items add column vendor_id text collate "C";
update price_list_items i set vendor_id = l.vendor_id from price_lists l where l.id = i.price_list_id;

alter table terms add constraint terms_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table terms_variants add constraint terms_variants_file_key_fkey foreign key (file_key) references files (key) deferrable;
alter table terms_variants add constraint terms_variants_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table product_documents add constraint product_documents_file_key_fkey foreign key (file_key) references files (key) deferrable;
alter table product_documents add constraint product_documents_product_id_fkey foreign key (product_id) references products (id) deferrable;
alter table product_documents add constraint product_documents_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table product_documents add constraint product_documents_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table product_documents add constraint product_documents_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table product_documents add constraint product_documents_audit_pending_by_id_fkey foreign key (audit_pending_by_id) references identities (id) deferrable;
alter table product_documents add constraint product_documents_audit_published_by_id_fkey foreign key (audit_published_by_id) references identities (id) deferrable;
alter table product_documents add constraint product_documents_audit_unpublished_by_id_fkey foreign key (audit_unpublished_by_id) references identities (id) deferrable;
alter table product_media add constraint product_media_file_key_fkey foreign key (file_key) references files (key) deferrable;
alter table product_media add constraint product_media_product_id_fkey foreign key (product_id) references products (id) deferrable;
alter table product_media add constraint product_media_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table product_media add constraint product_media_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table product_media add constraint product_media_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table product_media add constraint product_media_audit_pending_by_id_fkey foreign key (audit_pending_by_id) references identities (id) deferrable;
alter table product_media add constraint product_media_audit_published_by_id_fkey foreign key (audit_published_by_id) references identities (id) deferrable;
alter table product_media add constraint product_media_audit_unpublished_by_id_fkey foreign key (audit_unpublished_by_id) references identities (id) deferrable;
alter table price_list_items add constraint price_list_items_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table pricing_policy_attachments add constraint pricing_policy_attachments_pricing_policy_id_fkey foreign key (pricing_policy_id) references pricing_policies (id) deferrable;
alter table pricing_policy_attachments add constraint pricing_policy_attachments_file_key_fkey foreign key (file_key) references files (key) deferrable;
alter table pricing_policy_attachments add constraint pricing_policy_attachments_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table pricing_policy_attachments add constraint pricing_policy_attachments_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;

create index product_documents_product on product_documents (product_id);
create index product_media_product on product_media (product_id);
create index terms_variants_terms on terms_variants (terms_and_conditions_id);
create index pricing_policy_attachments_policy on pricing_policy_attachments (pricing_policy_id);
create index listings_price_list on listings (price_list_id);
create index listings_authorization on listings (authorization_id);
create index agreements_listing on agreements (listing_id);
create index agreements_authorization on agreements (authorization_id);
create index orders_pricing_policy on orders (pricing_policy_id) where pricing_policy_id is not null;

-- Whether an offer is meant for a kind of licensee. One that names nobody is meant for all.
create function entrepot_is_for(this_kind boolean, other_kind boolean) returns boolean
    language sql immutable parallel safe
    return coalesce(this_kind, other_kind is null);

-- One usual price list for each product and currency; one listing that is the first choice for each product, seller
-- and kind of licensee. Of several that there are the first one stays.
update price_lists l set is_default = false
    where is_default and status = 'Idle' and exists (
        select from price_lists b where b.product_id = l.product_id and b.currency = l.currency
            and b.is_default and b.status = 'Idle' and b.id < l.id
    );
alter table price_lists add constraint price_lists_one_default
    exclude (product_id with =, currency with =) where (is_default and status = 'Idle') deferrable;

update listings l set is_primary = false
    where is_primary and status = 'Idle' and exists (
        select from listings b where b.product_id = l.product_id and b.seller_id = l.seller_id
            and b.is_primary and b.status = 'Idle' and b.id < l.id
            and (entrepot_is_for(b.eligibility_client, b.eligibility_partner)
                and entrepot_is_for(l.eligibility_client, l.eligibility_partner)
                or entrepot_is_for(b.eligibility_partner, b.eligibility_client)
                and entrepot_is_for(l.eligibility_partner, l.eligibility_client))
    );
alter table listings add constraint listings_one_primary_for_clients
    exclude (product_id with =, seller_id with =)
    where (is_primary and status = 'Idle' and entrepot_is_for(eligibility_client, eligibility_partner)) deferrable;
alter table listings add constraint listings_one_primary_for_partners
    exclude (product_id with =, seller_id with =)
    where (is_primary and status = 'Idle' and entrepot_is_for(eligibility_partner, eligibility_client)) deferrable;

-- What sells is not taken away beneath the seller. The row is locked against whoever is about to refer to it, and then
-- looked for: the command that comes second runs again, and is told why not by its verb.
create function entrepot_require_unused() returns trigger
    language plpgsql
    as $$ declare
        used boolean;
    begin
        execute format('select from %I where id = $1 for update', tg_table_name) using new.id;
        execute format('select exists (select from listings where %I = $1 and status <> ''Deleted'')', tg_argv[0])
            into used using new.id;
        if used then
            raise exception 'in use meanwhile' using errcode = 'serialization_failure';
        end if;
        return null;
    end $$;
create trigger price_lists_unused after update of status on price_lists
    for each row when (new.status = 'Deleted' and old.status <> 'Deleted')
    execute function entrepot_require_unused('price_list_id');
create trigger authorizations_unused after update of status on authorizations
    for each row when (new.status = 'Deleted' and old.status <> 'Deleted')
    execute function entrepot_require_unused('authorization_id');

-- Of the policies that hold for a client one at most is for a product and a kind of licensee: no index can say so,
-- since products stand in a table of their own. Whoever gives the same client a policy waits for the other.
create function entrepot_require_policy_alone(policy text) returns void
    language plpgsql
    as $$ declare
        holder text;
    begin
        select client_id into holder from pricing_policies where id = policy and status = 'Active';
        if holder is null then
            return;
        end if;
        perform pg_advisory_xact_lock(hashtextextended('pricing policies of ' || holder, 0));
        if exists (
            select from pricing_policies a
                join pricing_policies b on b.client_id = a.client_id and b.id <> a.id and b.status = 'Active'
                join pricing_policies_products p on p.owner_id = a.id
                join pricing_policies_products q on q.owner_id = b.id and q.target_id = p.target_id
            where a.id = policy and (
                entrepot_is_for(a.eligibility_client, a.eligibility_partner)
                and entrepot_is_for(b.eligibility_client, b.eligibility_partner)
                or entrepot_is_for(a.eligibility_partner, a.eligibility_client)
                and entrepot_is_for(b.eligibility_partner, b.eligibility_client)
            )
        ) then
            raise exception 'another pricing policy is for this client and product'
                using errcode = 'unique_violation', constraint = 'pricing_policies_one_each';
        end if;
    end $$;
create function entrepot_policy_changed() returns trigger
    language plpgsql
    as $$ begin
        perform entrepot_require_policy_alone(new.id);
        return null;
    end $$;
create function entrepot_policy_product_added() returns trigger
    language plpgsql
    as $$ begin
        perform entrepot_require_policy_alone(new.owner_id);
        return null;
    end $$;
create trigger pricing_policies_alone
    after insert or update of status, client_id, eligibility_client, eligibility_partner on pricing_policies
    for each row execute function entrepot_policy_changed();
create trigger pricing_policies_products_alone after insert on pricing_policies_products
    for each row execute function entrepot_policy_product_added();
