-- What the database itself knows, before any table.

create function entrepot_quote(value text) returns text
    language plpgsql immutable parallel safe strict
    -- A JSON string. It depends on nothing but the value, though to_json is declared otherwise; and not being SQL
    -- it is not taken apart and planned anew for every row that is written.
    as $$ begin
        return to_json(value);
    end $$;

create function entrepot_expect(changed bigint, wanted bigint) returns boolean
    language plpgsql volatile
    -- The last word of every command: what it meant to change must be there as it was loaded.
    as $$ begin
        if changed <> wanted then
            raise exception 'changed meanwhile' using errcode = 'serialization_failure';
        end if;
        return true;
    end $$;

-- One row: what this database is.
create table installation (
    only_row boolean primary key default true check (only_row),
    sandbox boolean not null,
    id_key bytea not null,
    clock_offset interval not null default '0'
);

create function entrepot_now() returns timestamptz
    language sql stable
    as $$ select clock_timestamp() + clock_offset from installation $$;

-- Counters behind the ids; a process takes a block at a time.
create table id_counters (
    prefix text collate "C" primary key,
    last bigint not null
);

-- Answers kept under idempotency keys; status 0 is a request that is still running.
create table idempotency (
    token_id text collate "C" not null,
    key text collate "C" not null,
    fingerprint bytea not null,
    status smallint not null,
    etag text not null,
    body bytea not null,
    sealed boolean not null,
    created_at timestamptz not null default now(),
    primary key (token_id, key)
);
create index idempotency_created on idempotency (created_at);

-- What happened, append only. Rows commit without a position; the sealer gives it.
create table trail (
    id bigint generated always as identity primary key,
    xid xid8 not null default pg_current_xact_id(),
    kind text collate "C" not null,
    object_id text collate "C" not null,
    owner_id text collate "C" not null default '',
    revision integer not null,
    place integer not null,
    event text collate "C" not null,
    name text collate "C" not null,
    at timestamptz(3) not null,
    recorded_at timestamptz not null default clock_timestamp(),
    actor_id text collate "C" not null,
    account_id text collate "C",
    accounts text[] not null,
    scope text collate "C",
    delta jsonb not null,
    details jsonb not null
);
create unique index trail_object on trail (object_id, kind, owner_id, revision, place);
create index trail_xid on trail (xid);
create index trail_at on trail (at);
create index trail_accounts on trail using gin (accounts);

create function entrepot_audit_id(number bigint) returns text
    language sql immutable strict parallel safe
    -- Sixteen digits that grow with the number; the first group is never 0000.
    return 'AUD-' || substr((number + 1000000000000000)::text, 1, 4) || '-' || substr((number + 1000000000000000)::text, 5, 4)
        || '-' || substr((number + 1000000000000000)::text, 9, 4) || '-' || substr((number + 1000000000000000)::text, 13);
create index trail_audit_id on trail ((entrepot_audit_id(id) collate "C"));

-- The order of the trail, and the chain over it. No foreign key: it would lock, and so write, each row of the trail
-- once more; that rows stay is seen to by the trigger, and by whoever verifies the chain.
create table seals (
    position bigint primary key,
    trail_id bigint not null,
    hash bytea not null
);
create unique index seals_trail on seals (trail_id);

create function entrepot_append_only() returns trigger
    language plpgsql
    as $$ begin
        raise exception '% is only ever added to', tg_table_name using errcode = 'object_not_in_prerequisite_state';
    end $$;
create trigger trail_append_only before update or delete or truncate on trail
    for each statement execute function entrepot_append_only();
create trigger seals_append_only before update or delete or truncate on seals
    for each statement execute function entrepot_append_only();

create function entrepot_unsealed(since xid8, most bigint, out looked_at bigint, out numbers bigint[])
    language plpgsql stable
    -- Few rows among many: the planner is left no way but the indexes, whatever it expects of `since`.
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
    as $$ begin
        with beyond as materialized (select id from trail where xid >= since)
        select
            (select count(*) from beyond),
            array(
                select id from beyond where not exists (select from seals where trail_id = beyond.id)
                order by id limit most
            )
        into looked_at, numbers;
    end $$;

-- The one sealer: leased, and fenced by a number that only grows.
create table sealer (
    only_row boolean primary key default true check (only_row),
    fence bigint not null default 0,
    holder text,
    leased_until timestamptz,
    horizon xid8 not null default '0',
    position bigint not null default 0,
    hash bytea not null default ''
);
insert into sealer default values;

-- What falls due, by the business clock; attempts and leases by the real one.
create table due (
    id bigint generated always as identity primary key,
    job text collate "C" not null,
    kind text collate "C" not null,
    object_id text collate "C" not null,
    at timestamptz(3) not null,
    attempts integer not null default 0,
    leased_until timestamptz,
    retry_at timestamptz,
    done_at timestamptz,
    fault text
);
create index due_open on due (at) where done_at is null;

create table identities (
    id text collate "C" not null,
    revision integer not null,
    kind text collate "C" check (kind in ('User', 'Token', 'Service')),
    name text collate "C",
    icon text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"icon":' || entrepot_quote("icon"), ''), 2) || '}')) stored,
    primary key (id)
);

create table accounts (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    icon text collate "C",
    type text collate "C" check (type in ('Client', 'Vendor', 'Operations')),
    status text collate "C" not null check (status in ('Enabled', 'Active', 'Disabled')),
    description text collate "C",
    external_id text collate "C",
    external_name text collate "C",
    service_level text collate "C" check (service_level in ('Express', 'Essential', 'Elite', 'Dsc', 'Focus', 'Runners', 'Strategics', 'NotApplicable')),
    address jsonb,
    website text collate "C",
    technical_support_email text collate "C",
    default_language_code text collate "C",
    external_ids_pyra_tenant_id text collate "C",
    eligibility_client boolean,
    eligibility_partner boolean,
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_activated_at timestamptz(3),
    audit_activated_by_id text collate "C",
    audit_enabled_at timestamptz(3),
    audit_enabled_by_id text collate "C",
    audit_disabled_at timestamptz(3),
    audit_disabled_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"icon":' || entrepot_quote("icon"), '') || coalesce(',"type":' || entrepot_quote("type"), '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (id)
);

create table buyers (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    icon text collate "C",
    status text collate "C" not null check (status in ('Enabled', 'Unassigned', 'Active', 'Disabled', 'Mismatch', 'Conflict', 'Deleted')),
    account_id text collate "C",
    address jsonb,
    contact_name text collate "C",
    contact_first_name text collate "C",
    contact_last_name text collate "C",
    contact_email text collate "C",
    contact_phone_prefix text collate "C",
    contact_phone_number text collate "C",
    contact_user_id text collate "C",
    tax_id text collate "C",
    external_ids_erp_company_contact text collate "C",
    external_ids_erp_customer text collate "C",
    external_ids_account_external_id text collate "C",
    errors jsonb,
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_activated_at timestamptz(3),
    audit_activated_by_id text collate "C",
    audit_disabled_at timestamptz(3),
    audit_disabled_by_id text collate "C",
    audit_unassigned_at timestamptz(3),
    audit_unassigned_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"icon":' || entrepot_quote("icon"), ''), 2) || '}')) stored,
    primary key (id)
);

create table sellers (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    icon text collate "C",
    external_id text collate "C",
    status text collate "C" not null check (status in ('Active', 'Offline', 'Disabled', 'Deleted')),
    currencies jsonb,
    address jsonb,
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"icon":' || entrepot_quote("icon"), '') || coalesce(',"externalId":' || entrepot_quote("external_id"), ''), 2) || '}')) stored,
    primary key (id)
);

create table licensees (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    icon text collate "C",
    external_id text collate "C",
    status text collate "C" not null check (status in ('Active', 'Enabled', 'Disabled', 'Deleted')),
    account_id text collate "C",
    buyer_id text collate "C",
    seller_id text collate "C",
    use_buyer_address boolean,
    address jsonb,
    contact_name text collate "C",
    contact_first_name text collate "C",
    contact_last_name text collate "C",
    contact_email text collate "C",
    contact_phone_prefix text collate "C",
    contact_phone_number text collate "C",
    contact_user_id text collate "C",
    description text collate "C",
    type text collate "C",
    default_language text collate "C",
    eligibility_client boolean,
    eligibility_partner boolean,
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_disabled_at timestamptz(3),
    audit_disabled_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"icon":' || entrepot_quote("icon"), '') || coalesce(',"externalId":' || entrepot_quote("external_id"), '') || coalesce(',"contact":' || nullif(('{' || substr(coalesce(',"name":' || entrepot_quote("contact_name"), ''), 2) || '}'), '{}'), ''), 2) || '}')) stored,
    primary key (id)
);

create table users (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    icon text collate "C",
    email text collate "C",
    first_name text collate "C",
    last_name text collate "C",
    phone_prefix text collate "C",
    phone_number text collate "C",
    status text collate "C" not null check (status in ('Invited', 'InvitationExpired', 'Disabled', 'Active', 'Blocked', 'Deleted')),
    settings_culture_code text collate "C",
    settings_language_code text collate "C",
    current_account_id text collate "C",
    last_login_at timestamptz(3),
    password_hash text collate "C",
    audit_invitation_accepted_at timestamptz(3),
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"icon":' || entrepot_quote("icon"), ''), 2) || '}')) stored,
    primary key (id)
);

create table user_groups (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    description text collate "C",
    logo text collate "C",
    is_default boolean,
    account_id text collate "C",
    status text collate "C" not null check (status in ('Active', 'Deleted')),
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"description":' || entrepot_quote("description"), '') || coalesce(',"logo":' || entrepot_quote("logo"), '') || coalesce(',"isDefault":' || (case when "is_default" then 'true' else 'false' end), ''), 2) || '}')) stored,
    primary key (id)
);

create table api_tokens (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    icon text collate "C",
    description text collate "C",
    status text collate "C" not null check (status in ('Active', 'Disabled', 'Deleted')),
    account_id text collate "C",
    user_id text collate "C",
    held_by text collate "C" check (held_by in ('person', 'service', 'agent')),
    last_access_at timestamptz(3),
    token text collate "C",
    token_hash text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"icon":' || entrepot_quote("icon"), ''), 2) || '}')) stored,
    primary key (id)
);

create table modules (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    code text collate "C",
    description text collate "C",
    paid boolean,
    account_types jsonb,
    is_enabled_by_default boolean,
    is_configurable boolean,
    filters jsonb,
    settings jsonb,
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"code":' || entrepot_quote("code"), '') || coalesce(',"description":' || entrepot_quote("description"), '') || coalesce(',"paid":' || (case when "paid" then 'true' else 'false' end), ''), 2) || '}')) stored,
    primary key (id)
);

create table products (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    icon text collate "C",
    status text collate "C" not null check (status in ('Draft', 'Unpublished', 'Pending', 'Published', 'Deleted')),
    short_description text collate "C",
    long_description text collate "C",
    website text collate "C",
    vendor_id text collate "C",
    external_ids_operations text collate "C",
    settings jsonb,
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
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"icon":' || entrepot_quote("icon"), '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (id)
);

create table item_groups (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    label text collate "C",
    description text collate "C",
    display_order integer check (display_order >= 0),
    is_default boolean,
    multiple boolean,
    is_required boolean,
    product_id text collate "C" not null,
    status text collate "C" not null check (status in ('Idle', 'Deleted')),
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), ''), 2) || '}')) stored,
    primary key (id)
);

create table parameter_groups (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    label text collate "C",
    description text collate "C",
    display_order integer check (display_order >= 0),
    is_default boolean,
    product_id text collate "C" not null,
    status text collate "C" not null check (status in ('Idle', 'Deleted')),
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), ''), 2) || '}')) stored,
    primary key (id)
);

create table parameters (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    status text collate "C" not null check (status in ('Active', 'Deleted')),
    description text collate "C",
    external_id text collate "C",
    scope text collate "C" check (scope in ('Agreement', 'Asset', 'Item', 'Order', 'Request', 'Subscription')),
    phase text collate "C" check (phase in ('Configuration', 'Order', 'Fulfillment')),
    context text collate "C" check (context in ('None', 'Purchase', 'Change', 'Configuration', 'Termination')),
    type text collate "C" check (type in ('SingleLineText', 'MultiLineText', 'Address', 'Contact', 'Checkbox', 'Choice', 'Subdomain', 'Heading', 'DropDown', 'Email', 'DataObject', 'Date', 'DateAndTime', 'Collection')),
    multiple boolean,
    constraints jsonb,
    options jsonb,
    display_order integer check (display_order >= 0),
    group_id text collate "C",
    product_id text collate "C" not null,
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (id)
);

create table templates (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    type text collate "C" check (type in ('OrderProcessing', 'OrderQuerying', 'OrderCompleted', 'OrderTerminated', 'RequestProcessing', 'Subscription', 'Asset')),
    is_default boolean,
    content text collate "C",
    product_id text collate "C" not null,
    status text collate "C" not null check (status in ('Active', 'Deleted')),
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), ''), 2) || '}')) stored,
    primary key (id)
);

create table terms (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    description text collate "C",
    display_order integer check (display_order >= 0),
    status text collate "C" not null check (status in ('Draft', 'Unpublished', 'Pending', 'Published', 'Deleted')),
    product_id text collate "C" not null,
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
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), ''), 2) || '}')) stored,
    primary key (id)
);

create table terms_variants (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    type text collate "C" check (type in ('Online', 'File')),
    description text collate "C",
    language_code text collate "C",
    asset_url text collate "C",
    file_id text collate "C",
    filename text collate "C",
    content_type text collate "C",
    size integer check (size >= 0),
    status text collate "C" not null check (status in ('Draft', 'Unpublished', 'Pending', 'Published', 'Deleted')),
    terms_and_conditions_id text collate "C" not null,
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
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"type":' || entrepot_quote("type"), ''), 2) || '}')) stored,
    primary key (id)
);

create table items (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    status text collate "C" not null check (status in ('Draft', 'Unpublished', 'Pending', 'Published', 'Deleted')),
    description text collate "C",
    external_ids_vendor text collate "C",
    external_ids_operations text collate "C",
    product_id text collate "C",
    group_id text collate "C",
    unit_id text collate "C",
    terms_model text collate "C" check (terms_model in ('quantity', 'usage', 'one-time')),
    terms_period text collate "C" check (terms_period in ('1m', '1y', '3y', 'one-time')),
    terms_commitment text collate "C" check (terms_commitment in ('1m', '1y', '2y', '3y', '4y', '5y')),
    quantity_not_applicable boolean,
    parameters jsonb not null default '[]',
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
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"status":' || entrepot_quote("status"), '') || coalesce(',"externalIds":' || nullif(('{' || substr(coalesce(',"vendor":' || entrepot_quote("external_ids_vendor"), ''), 2) || '}'), '{}'), '') || coalesce(',"terms":' || nullif(('{' || substr(coalesce(',"model":' || entrepot_quote("terms_model"), '') || coalesce(',"period":' || entrepot_quote("terms_period"), '') || coalesce(',"commitment":' || entrepot_quote("terms_commitment"), ''), 2) || '}'), '{}'), ''), 2) || '}')) stored,
    primary key (id)
);

create table units_of_measure (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    description text collate "C",
    status text collate "C" not null check (status in ('Idle', 'Deleted')),
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"description":' || entrepot_quote("description"), ''), 2) || '}')) stored,
    primary key (id)
);

create table price_lists (
    id text collate "C" not null,
    revision integer not null,
    currency text collate "C",
    precision integer check (precision >= 0),
    default_markup numeric,
    default_margin numeric,
    notes text collate "C",
    external_ids_vendor text collate "C",
    is_default boolean,
    product_id text collate "C",
    vendor_id text collate "C",
    status text collate "C" not null check (status in ('Idle', 'Deleted')),
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"currency":' || entrepot_quote("currency"), ''), 2) || '}')) stored,
    primary key (id)
);

create table price_list_items (
    id text collate "C" not null,
    revision integer not null,
    status text collate "C" not null check (status in ('Draft', 'Private', 'ForSale')),
    description text collate "C",
    reason_for_change text collate "C",
    info_visible boolean,
    info_description text collate "C",
    unit_lp numeric,
    unit_pp numeric,
    unit_sp numeric,
    markup numeric,
    margin numeric,
    ppx1 numeric,
    ppx_m numeric,
    ppx_y numeric,
    spx1 numeric,
    spx_m numeric,
    spx_y numeric,
    lpx1 numeric,
    lpx_m numeric,
    lpx_y numeric,
    price_list_id text collate "C" not null,
    item_id text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_published_at timestamptz(3),
    audit_published_by_id text collate "C",
    audit_unpublished_at timestamptz(3),
    audit_unpublished_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (id)
);

create table pricing_policies (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    client_id text collate "C",
    eligibility_client boolean,
    eligibility_partner boolean,
    markup numeric,
    margin numeric,
    notes text collate "C",
    external_ids_operations text collate "C",
    status text collate "C" not null check (status in ('Active', 'Disabled', 'Deleted')),
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_activated_at timestamptz(3),
    audit_activated_by_id text collate "C",
    audit_deactivated_at timestamptz(3),
    audit_deactivated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"eligibility":' || nullif(('{' || substr(coalesce(',"client":' || (case when "eligibility_client" then 'true' else 'false' end), '') || coalesce(',"partner":' || (case when "eligibility_partner" then 'true' else 'false' end), ''), 2) || '}'), '{}'), ''), 2) || '}')) stored,
    primary key (id)
);

create table authorizations (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    currency text collate "C",
    product_id text collate "C",
    vendor_id text collate "C",
    owner_id text collate "C",
    external_ids_operations text collate "C",
    journal_first_invoice_date timestamptz(3),
    journal_frequency text collate "C" check (journal_frequency in ('1m', '3m', '6m', '1y', '3y', 'one-time')),
    eligibility_client boolean,
    eligibility_partner boolean,
    notes text collate "C",
    settings text collate "C",
    status text collate "C" not null check (status in ('Idle', 'Deleted')),
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"currency":' || entrepot_quote("currency"), ''), 2) || '}')) stored,
    primary key (id)
);

create table listings (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    product_id text collate "C",
    vendor_id text collate "C",
    seller_id text collate "C",
    authorization_id text collate "C",
    price_list_id text collate "C",
    is_primary boolean,
    eligibility_client boolean,
    eligibility_partner boolean,
    notes text collate "C",
    status text collate "C" not null check (status in ('Idle', 'Deleted')),
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), ''), 2) || '}')) stored,
    primary key (id)
);

create table programs (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    icon text collate "C",
    status text collate "C" not null check (status in ('Draft', 'Unpublished', 'Published', 'Deleted')),
    short_description text collate "C",
    long_description text collate "C",
    website text collate "C",
    vendor_id text collate "C",
    eligibility_client boolean,
    eligibility_partner boolean,
    applicable_to text collate "C" check (applicable_to in ('Buyer', 'Licensee')),
    settings jsonb,
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_published_at timestamptz(3),
    audit_published_by_id text collate "C",
    audit_unpublished_at timestamptz(3),
    audit_unpublished_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"icon":' || entrepot_quote("icon"), '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (id)
);

create table certificates (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    status text collate "C" not null check (status in ('Pending', 'Active', 'Updating', 'Terminated', 'Expired')),
    status_notes jsonb,
    program_id text collate "C",
    vendor_id text collate "C",
    client_id text collate "C",
    applicable_to text collate "C" check (applicable_to in ('Buyer', 'Licensee')),
    buyer_id text collate "C",
    licensee_id text collate "C",
    eligibility_client boolean,
    eligibility_partner boolean,
    external_ids_vendor text collate "C",
    expiration_date date,
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_pending_at timestamptz(3),
    audit_pending_by_id text collate "C",
    audit_activated_at timestamptz(3),
    audit_activated_by_id text collate "C",
    audit_updating_at timestamptz(3),
    audit_updating_by_id text collate "C",
    audit_terminated_at timestamptz(3),
    audit_terminated_by_id text collate "C",
    audit_expired_at timestamptz(3),
    audit_expired_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), ''), 2) || '}')) stored,
    primary key (id)
);

create table orders (
    id text collate "C" not null,
    revision integer not null,
    type text collate "C" check (type in ('Purchase', 'Change', 'Termination', 'Configuration', 'Suspend', 'Resume')),
    status text collate "C" not null check (status in ('Draft', 'Quoted', 'Processing', 'Querying', 'Completed', 'Failed', 'Deleted')),
    notes text collate "C",
    comments text collate "C",
    status_notes jsonb,
    error jsonb,
    agreement_id text collate "C",
    authorization_id text collate "C",
    listing_id text collate "C",
    product_id text collate "C",
    client_id text collate "C",
    vendor_id text collate "C",
    licensee_id text collate "C",
    buyer_id text collate "C",
    seller_id text collate "C",
    bill_to_id text collate "C",
    pricing_policy_id text collate "C",
    template_id text collate "C",
    assignee_id text collate "C",
    external_ids_client text collate "C",
    external_ids_vendor text collate "C",
    external_ids_operations text collate "C",
    price_currency text collate "C",
    price_ppx1 numeric,
    price_ppx_m numeric,
    price_ppx_y numeric,
    price_spx1 numeric,
    price_spx_m numeric,
    price_spx_y numeric,
    price_markup numeric,
    price_margin numeric,
    price_default_markup numeric,
    price_markup_source jsonb,
    price_default_markup_source jsonb,
    default_markup_source text collate "C" check (default_markup_source in ('Unknown', 'PriceList', 'PricingPolicy', 'Manual')),
    ordering jsonb not null default '[]',
    fulfillment jsonb not null default '[]',
    price_list_id text collate "C",
    precision integer,
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_quoted_at timestamptz(3),
    audit_quoted_by_id text collate "C",
    audit_processing_at timestamptz(3),
    audit_processing_by_id text collate "C",
    audit_querying_at timestamptz(3),
    audit_querying_by_id text collate "C",
    audit_completed_at timestamptz(3),
    audit_completed_by_id text collate "C",
    audit_failed_at timestamptz(3),
    audit_failed_by_id text collate "C",
    audit_deleted_at timestamptz(3),
    audit_deleted_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (id)
);

create table order_lines (
    id text collate "C" not null,
    revision integer not null,
    order_id text collate "C" not null,
    item_id text collate "C",
    old_quantity integer,
    quantity integer check (quantity >= 0),
    price_currency text collate "C",
    price_unit_pp numeric,
    price_unit_sp numeric,
    price_ppx1 numeric,
    price_ppx_m numeric,
    price_ppx_y numeric,
    price_spx1 numeric,
    price_spx_m numeric,
    price_spx_y numeric,
    price_markup numeric,
    price_margin numeric,
    price_markup_source jsonb,
    price_default_markup_source jsonb,
    subscription_id text collate "C",
    asset_id text collate "C",
    description text collate "C",
    info jsonb,
    model text collate "C" check (model in ('one-time', 'usage', 'quantity')),
    period text collate "C",
    commitment text collate "C",
    primary key (order_id, id)
);

create table order_subscriptions (
    id text collate "C" not null,
    revision integer not null,
    order_id text collate "C" not null,
    name text collate "C",
    status text collate "C" not null check (status in ('Draft', 'Updating', 'Terminating', 'Active', 'Terminated', 'Expired', 'Deleted')),
    start_date timestamptz(3),
    termination_date timestamptz(3),
    commitment_date timestamptz(3),
    auto_renew boolean,
    external_ids_client text collate "C",
    external_ids_vendor text collate "C",
    external_ids_operations text collate "C",
    terms_model text collate "C" check (terms_model in ('one-time', 'usage', 'quantity')),
    terms_period text collate "C",
    terms_commitment text collate "C",
    product_id text collate "C",
    agreement_id text collate "C",
    client_id text collate "C",
    vendor_id text collate "C",
    buyer_id text collate "C",
    price_currency text collate "C",
    price_ppx_m numeric,
    price_ppx_y numeric,
    price_spx_m numeric,
    price_spx_y numeric,
    price_markup numeric,
    price_margin numeric,
    price_default_markup numeric,
    template_id text collate "C",
    fulfillment jsonb not null default '[]',
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_active_at timestamptz(3),
    audit_active_by_id text collate "C",
    audit_updating_at timestamptz(3),
    audit_updating_by_id text collate "C",
    audit_terminating_at timestamptz(3),
    audit_terminating_by_id text collate "C",
    audit_terminated_at timestamptz(3),
    audit_terminated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"status":' || entrepot_quote("status"), '') || coalesce(',"autoRenew":' || (case when "auto_renew" then 'true' else 'false' end), ''), 2) || '}')) stored,
    primary key (order_id, id)
);

create table order_assets (
    id text collate "C" not null,
    revision integer not null,
    order_id text collate "C" not null,
    name text collate "C",
    status text collate "C" not null check (status in ('Draft', 'Active')),
    external_ids_client text collate "C",
    external_ids_vendor text collate "C",
    external_ids_operations text collate "C",
    terms_model text collate "C" check (terms_model in ('one-time', 'usage', 'quantity')),
    terms_period text collate "C",
    terms_commitment text collate "C",
    product_id text collate "C",
    client_id text collate "C",
    vendor_id text collate "C",
    buyer_id text collate "C",
    price_currency text collate "C",
    price_ppx1 numeric,
    price_spx1 numeric,
    price_markup numeric,
    price_margin numeric,
    price_default_markup numeric,
    template_id text collate "C",
    fulfillment jsonb not null default '[]',
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_active_at timestamptz(3),
    audit_active_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (order_id, id)
);

create table order_terms (
    id text collate "C" not null,
    revision integer not null,
    order_id text collate "C" not null,
    name text collate "C",
    accepted timestamptz(3),
    accepted_by jsonb,
    place integer,
    primary key (order_id, id)
);

create table agreements (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    icon text collate "C",
    status text collate "C" not null check (status in ('Draft', 'Active', 'Terminated', 'Provisioning', 'Updating', 'Failed', 'Deleted')),
    listing_id text collate "C",
    authorization_id text collate "C",
    vendor_id text collate "C",
    client_id text collate "C",
    licensee_id text collate "C",
    buyer_id text collate "C",
    seller_id text collate "C",
    product_id text collate "C",
    template_id text collate "C",
    start_date timestamptz(3),
    end_date timestamptz(3),
    error jsonb,
    external_ids_client text collate "C",
    external_ids_vendor text collate "C",
    external_ids_operations text collate "C",
    price_currency text collate "C",
    price_ppx_m numeric,
    price_ppx_y numeric,
    price_spx_m numeric,
    price_spx_y numeric,
    price_markup numeric,
    price_margin numeric,
    price_default_markup numeric,
    price_billing_currency text collate "C",
    price_source text collate "C" check (price_source in ('Computed', 'Manual')),
    ordering jsonb not null default '[]',
    fulfillment jsonb not null default '[]',
    line_count integer,
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_provisioning_at timestamptz(3),
    audit_provisioning_by_id text collate "C",
    audit_active_at timestamptz(3),
    audit_active_by_id text collate "C",
    audit_terminated_at timestamptz(3),
    audit_terminated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"icon":' || entrepot_quote("icon"), '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (id)
);

create table agreement_terms (
    id text collate "C" not null,
    revision integer not null,
    agreement_id text collate "C" not null,
    name text collate "C",
    accepted timestamptz(3),
    accepted_by jsonb,
    place integer,
    primary key (agreement_id, id)
);

create table subscriptions (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    status text collate "C" not null check (status in ('Active', 'Updating', 'Terminating', 'Terminated', 'Expired')),
    start_date timestamptz(3),
    termination_date timestamptz(3),
    commitment_date timestamptz(3),
    auto_renew boolean,
    external_ids_client text collate "C",
    external_ids_vendor text collate "C",
    external_ids_operations text collate "C",
    terms_model text collate "C" check (terms_model in ('one-time', 'usage', 'quantity')),
    terms_period text collate "C",
    terms_commitment text collate "C",
    product_id text collate "C",
    agreement_id text collate "C",
    buyer_id text collate "C",
    licensee_id text collate "C",
    seller_id text collate "C",
    client_id text collate "C",
    vendor_id text collate "C",
    split_status text collate "C" check (split_status in ('Disabled', 'Active', 'Review')),
    price_currency text collate "C",
    price_ppx_m numeric,
    price_ppx_y numeric,
    price_spx_m numeric,
    price_spx_y numeric,
    price_markup numeric,
    price_margin numeric,
    price_default_markup numeric,
    template_id text collate "C",
    fulfillment jsonb not null default '[]',
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_active_at timestamptz(3),
    audit_active_by_id text collate "C",
    audit_updating_at timestamptz(3),
    audit_updating_by_id text collate "C",
    audit_terminating_at timestamptz(3),
    audit_terminating_by_id text collate "C",
    audit_terminated_at timestamptz(3),
    audit_terminated_by_id text collate "C",
    audit_expired_at timestamptz(3),
    audit_expired_by_id text collate "C",
    audit_renewed_at timestamptz(3),
    audit_renewed_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (id)
);

create table assets (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    status text collate "C" not null check (status in ('Active', 'Terminated')),
    external_ids_client text collate "C",
    external_ids_vendor text collate "C",
    external_ids_operations text collate "C",
    terms_model text collate "C" check (terms_model in ('one-time', 'usage', 'quantity')),
    terms_period text collate "C",
    terms_commitment text collate "C",
    price_currency text collate "C",
    price_ppx1 numeric,
    price_spx1 numeric,
    price_markup numeric,
    price_margin numeric,
    price_default_markup numeric,
    template_id text collate "C",
    agreement_id text collate "C",
    product_id text collate "C",
    price_list_id text collate "C",
    listing_id text collate "C",
    licensee_id text collate "C",
    client_id text collate "C",
    vendor_id text collate "C",
    buyer_id text collate "C",
    fulfillment jsonb not null default '[]',
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_active_at timestamptz(3),
    audit_active_by_id text collate "C",
    audit_terminated_at timestamptz(3),
    audit_terminated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (id)
);

create table lines (
    id text collate "C" not null,
    revision integer not null,
    status text collate "C" not null check (status in ('Active', 'Terminated', 'Expired', 'Deleted')),
    quantity integer,
    item_id text collate "C",
    price_currency text collate "C",
    price_unit_pp numeric,
    price_unit_sp numeric,
    price_ppx1 numeric,
    price_ppx_m numeric,
    price_ppx_y numeric,
    price_spx1 numeric,
    price_spx_m numeric,
    price_spx_y numeric,
    price_markup numeric,
    price_margin numeric,
    price_markup_source jsonb,
    price_default_markup_source jsonb,
    order_id text collate "C",
    subscription_id text collate "C",
    asset_id text collate "C",
    agreement_id text collate "C" not null,
    client_id text collate "C",
    vendor_id text collate "C",
    buyer_id text collate "C",
    seller_id text collate "C",
    product_id text collate "C",
    description text collate "C",
    info jsonb,
    period text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_terminated_at timestamptz(3),
    audit_terminated_by_id text collate "C",
    audit_deleted_at timestamptz(3),
    audit_deleted_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, ''), 2) || '}')) stored,
    primary key (id)
);

create table buyers_sellers (
    owner_id text collate "C" not null references buyers (id) on delete cascade deferrable,
    target_id text collate "C" not null references sellers (id) deferrable,
    place integer not null,
    primary key (owner_id, target_id)
);

create table licensees_groups (
    owner_id text collate "C" not null references licensees (id) on delete cascade deferrable,
    target_id text collate "C" not null references user_groups (id) deferrable,
    place integer not null,
    primary key (owner_id, target_id)
);

create table users_accounts (
    owner_id text collate "C" not null references users (id) on delete cascade deferrable,
    target_id text collate "C" not null references accounts (id) deferrable,
    place integer not null,
    primary key (owner_id, target_id)
);

create table users_groups (
    owner_id text collate "C" not null references users (id) on delete cascade deferrable,
    target_id text collate "C" not null references user_groups (id) deferrable,
    place integer not null,
    primary key (owner_id, target_id)
);

create table user_groups_modules (
    owner_id text collate "C" not null references user_groups (id) on delete cascade deferrable,
    target_id text collate "C" not null references modules (id) deferrable,
    place integer not null,
    primary key (owner_id, target_id)
);

create table user_groups_buyers (
    owner_id text collate "C" not null references user_groups (id) on delete cascade deferrable,
    target_id text collate "C" not null references buyers (id) deferrable,
    place integer not null,
    primary key (owner_id, target_id)
);

create table api_tokens_modules (
    owner_id text collate "C" not null references api_tokens (id) on delete cascade deferrable,
    target_id text collate "C" not null references modules (id) deferrable,
    place integer not null,
    primary key (owner_id, target_id)
);

create table pricing_policies_products (
    owner_id text collate "C" not null references pricing_policies (id) on delete cascade deferrable,
    target_id text collate "C" not null references products (id) deferrable,
    place integer not null,
    primary key (owner_id, target_id)
);

create table programs_products (
    owner_id text collate "C" not null references programs (id) on delete cascade deferrable,
    target_id text collate "C" not null references products (id) deferrable,
    place integer not null,
    primary key (owner_id, target_id)
);

create table orders_certificates (
    owner_id text collate "C" not null references orders (id) on delete cascade deferrable,
    target_id text collate "C" not null references certificates (id) deferrable,
    place integer not null,
    primary key (owner_id, target_id)
);

create table agreements_certificates (
    owner_id text collate "C" not null references agreements (id) on delete cascade deferrable,
    target_id text collate "C" not null references certificates (id) deferrable,
    place integer not null,
    primary key (owner_id, target_id)
);

alter table accounts add constraint accounts_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table accounts add constraint accounts_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table accounts add constraint accounts_audit_activated_by_id_fkey foreign key (audit_activated_by_id) references identities (id) deferrable;
alter table accounts add constraint accounts_audit_enabled_by_id_fkey foreign key (audit_enabled_by_id) references identities (id) deferrable;
alter table accounts add constraint accounts_audit_disabled_by_id_fkey foreign key (audit_disabled_by_id) references identities (id) deferrable;
alter table buyers add constraint buyers_account_id_fkey foreign key (account_id) references accounts (id) deferrable;
alter table buyers add constraint buyers_contact_user_id_fkey foreign key (contact_user_id) references users (id) deferrable;
alter table buyers add constraint buyers_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table buyers add constraint buyers_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table buyers add constraint buyers_audit_activated_by_id_fkey foreign key (audit_activated_by_id) references identities (id) deferrable;
alter table buyers add constraint buyers_audit_disabled_by_id_fkey foreign key (audit_disabled_by_id) references identities (id) deferrable;
alter table buyers add constraint buyers_audit_unassigned_by_id_fkey foreign key (audit_unassigned_by_id) references identities (id) deferrable;
alter table sellers add constraint sellers_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table sellers add constraint sellers_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table licensees add constraint licensees_account_id_fkey foreign key (account_id) references accounts (id) deferrable;
alter table licensees add constraint licensees_buyer_id_fkey foreign key (buyer_id) references buyers (id) deferrable;
alter table licensees add constraint licensees_seller_id_fkey foreign key (seller_id) references sellers (id) deferrable;
alter table licensees add constraint licensees_contact_user_id_fkey foreign key (contact_user_id) references users (id) deferrable;
alter table licensees add constraint licensees_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table licensees add constraint licensees_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table licensees add constraint licensees_audit_disabled_by_id_fkey foreign key (audit_disabled_by_id) references identities (id) deferrable;
alter table users add constraint users_current_account_id_fkey foreign key (current_account_id) references accounts (id) deferrable;
alter table users add constraint users_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table users add constraint users_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table user_groups add constraint user_groups_account_id_fkey foreign key (account_id) references accounts (id) deferrable;
alter table user_groups add constraint user_groups_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table user_groups add constraint user_groups_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table api_tokens add constraint api_tokens_account_id_fkey foreign key (account_id) references accounts (id) deferrable;
alter table api_tokens add constraint api_tokens_user_id_fkey foreign key (user_id) references users (id) deferrable;
alter table api_tokens add constraint api_tokens_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table api_tokens add constraint api_tokens_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table modules add constraint modules_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table modules add constraint modules_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table products add constraint products_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table products add constraint products_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table products add constraint products_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table products add constraint products_audit_pending_by_id_fkey foreign key (audit_pending_by_id) references identities (id) deferrable;
alter table products add constraint products_audit_published_by_id_fkey foreign key (audit_published_by_id) references identities (id) deferrable;
alter table products add constraint products_audit_unpublished_by_id_fkey foreign key (audit_unpublished_by_id) references identities (id) deferrable;
alter table item_groups add constraint item_groups_product_id_fkey foreign key (product_id) references products (id) deferrable;
alter table item_groups add constraint item_groups_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table item_groups add constraint item_groups_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table parameter_groups add constraint parameter_groups_product_id_fkey foreign key (product_id) references products (id) deferrable;
alter table parameter_groups add constraint parameter_groups_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table parameter_groups add constraint parameter_groups_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table parameters add constraint parameters_group_id_fkey foreign key (group_id) references parameter_groups (id) deferrable;
alter table parameters add constraint parameters_product_id_fkey foreign key (product_id) references products (id) deferrable;
alter table parameters add constraint parameters_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table parameters add constraint parameters_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table templates add constraint templates_product_id_fkey foreign key (product_id) references products (id) deferrable;
alter table templates add constraint templates_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table templates add constraint templates_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table terms add constraint terms_product_id_fkey foreign key (product_id) references products (id) deferrable;
alter table terms add constraint terms_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table terms add constraint terms_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table terms add constraint terms_audit_pending_by_id_fkey foreign key (audit_pending_by_id) references identities (id) deferrable;
alter table terms add constraint terms_audit_published_by_id_fkey foreign key (audit_published_by_id) references identities (id) deferrable;
alter table terms add constraint terms_audit_unpublished_by_id_fkey foreign key (audit_unpublished_by_id) references identities (id) deferrable;
alter table terms_variants add constraint terms_variants_terms_and_conditions_id_fkey foreign key (terms_and_conditions_id) references terms (id) deferrable;
alter table terms_variants add constraint terms_variants_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table terms_variants add constraint terms_variants_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table terms_variants add constraint terms_variants_audit_pending_by_id_fkey foreign key (audit_pending_by_id) references identities (id) deferrable;
alter table terms_variants add constraint terms_variants_audit_published_by_id_fkey foreign key (audit_published_by_id) references identities (id) deferrable;
alter table terms_variants add constraint terms_variants_audit_unpublished_by_id_fkey foreign key (audit_unpublished_by_id) references identities (id) deferrable;
alter table items add constraint items_product_id_fkey foreign key (product_id) references products (id) deferrable;
alter table items add constraint items_group_id_fkey foreign key (group_id) references item_groups (id) deferrable;
alter table items add constraint items_unit_id_fkey foreign key (unit_id) references units_of_measure (id) deferrable;
alter table items add constraint items_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table items add constraint items_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table items add constraint items_audit_pending_by_id_fkey foreign key (audit_pending_by_id) references identities (id) deferrable;
alter table items add constraint items_audit_published_by_id_fkey foreign key (audit_published_by_id) references identities (id) deferrable;
alter table items add constraint items_audit_unpublished_by_id_fkey foreign key (audit_unpublished_by_id) references identities (id) deferrable;
alter table units_of_measure add constraint units_of_measure_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table units_of_measure add constraint units_of_measure_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table price_lists add constraint price_lists_product_id_fkey foreign key (product_id) references products (id) deferrable;
alter table price_lists add constraint price_lists_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table price_lists add constraint price_lists_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table price_lists add constraint price_lists_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table price_list_items add constraint price_list_items_price_list_id_fkey foreign key (price_list_id) references price_lists (id) deferrable;
alter table price_list_items add constraint price_list_items_item_id_fkey foreign key (item_id) references items (id) deferrable;
alter table price_list_items add constraint price_list_items_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table price_list_items add constraint price_list_items_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table price_list_items add constraint price_list_items_audit_published_by_id_fkey foreign key (audit_published_by_id) references identities (id) deferrable;
alter table price_list_items add constraint price_list_items_audit_unpublished_by_id_fkey foreign key (audit_unpublished_by_id) references identities (id) deferrable;
alter table pricing_policies add constraint pricing_policies_client_id_fkey foreign key (client_id) references accounts (id) deferrable;
alter table pricing_policies add constraint pricing_policies_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table pricing_policies add constraint pricing_policies_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table pricing_policies add constraint pricing_policies_audit_activated_by_id_fkey foreign key (audit_activated_by_id) references identities (id) deferrable;
alter table pricing_policies add constraint pricing_policies_audit_deactivated_by_id_fkey foreign key (audit_deactivated_by_id) references identities (id) deferrable;
alter table authorizations add constraint authorizations_product_id_fkey foreign key (product_id) references products (id) deferrable;
alter table authorizations add constraint authorizations_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table authorizations add constraint authorizations_owner_id_fkey foreign key (owner_id) references sellers (id) deferrable;
alter table authorizations add constraint authorizations_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table authorizations add constraint authorizations_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table listings add constraint listings_product_id_fkey foreign key (product_id) references products (id) deferrable;
alter table listings add constraint listings_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table listings add constraint listings_seller_id_fkey foreign key (seller_id) references sellers (id) deferrable;
alter table listings add constraint listings_authorization_id_fkey foreign key (authorization_id) references authorizations (id) deferrable;
alter table listings add constraint listings_price_list_id_fkey foreign key (price_list_id) references price_lists (id) deferrable;
alter table listings add constraint listings_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table listings add constraint listings_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table programs add constraint programs_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table programs add constraint programs_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table programs add constraint programs_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table programs add constraint programs_audit_published_by_id_fkey foreign key (audit_published_by_id) references identities (id) deferrable;
alter table programs add constraint programs_audit_unpublished_by_id_fkey foreign key (audit_unpublished_by_id) references identities (id) deferrable;
alter table certificates add constraint certificates_program_id_fkey foreign key (program_id) references programs (id) deferrable;
alter table certificates add constraint certificates_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table certificates add constraint certificates_client_id_fkey foreign key (client_id) references accounts (id) deferrable;
alter table certificates add constraint certificates_buyer_id_fkey foreign key (buyer_id) references buyers (id) deferrable;
alter table certificates add constraint certificates_licensee_id_fkey foreign key (licensee_id) references licensees (id) deferrable;
alter table certificates add constraint certificates_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table certificates add constraint certificates_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table certificates add constraint certificates_audit_pending_by_id_fkey foreign key (audit_pending_by_id) references identities (id) deferrable;
alter table certificates add constraint certificates_audit_activated_by_id_fkey foreign key (audit_activated_by_id) references identities (id) deferrable;
alter table certificates add constraint certificates_audit_updating_by_id_fkey foreign key (audit_updating_by_id) references identities (id) deferrable;
alter table certificates add constraint certificates_audit_terminated_by_id_fkey foreign key (audit_terminated_by_id) references identities (id) deferrable;
alter table certificates add constraint certificates_audit_expired_by_id_fkey foreign key (audit_expired_by_id) references identities (id) deferrable;
alter table orders add constraint orders_agreement_id_fkey foreign key (agreement_id) references agreements (id) deferrable;
alter table orders add constraint orders_authorization_id_fkey foreign key (authorization_id) references authorizations (id) deferrable;
alter table orders add constraint orders_listing_id_fkey foreign key (listing_id) references listings (id) deferrable;
alter table orders add constraint orders_product_id_fkey foreign key (product_id) references products (id) deferrable;
alter table orders add constraint orders_client_id_fkey foreign key (client_id) references accounts (id) deferrable;
alter table orders add constraint orders_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table orders add constraint orders_licensee_id_fkey foreign key (licensee_id) references licensees (id) deferrable;
alter table orders add constraint orders_buyer_id_fkey foreign key (buyer_id) references buyers (id) deferrable;
alter table orders add constraint orders_seller_id_fkey foreign key (seller_id) references sellers (id) deferrable;
alter table orders add constraint orders_bill_to_id_fkey foreign key (bill_to_id) references buyers (id) deferrable;
alter table orders add constraint orders_pricing_policy_id_fkey foreign key (pricing_policy_id) references pricing_policies (id) deferrable;
alter table orders add constraint orders_template_id_fkey foreign key (template_id) references templates (id) deferrable;
alter table orders add constraint orders_assignee_id_fkey foreign key (assignee_id) references identities (id) deferrable;
alter table orders add constraint orders_price_list_id_fkey foreign key (price_list_id) references price_lists (id) deferrable;
alter table orders add constraint orders_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table orders add constraint orders_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table orders add constraint orders_audit_quoted_by_id_fkey foreign key (audit_quoted_by_id) references identities (id) deferrable;
alter table orders add constraint orders_audit_processing_by_id_fkey foreign key (audit_processing_by_id) references identities (id) deferrable;
alter table orders add constraint orders_audit_querying_by_id_fkey foreign key (audit_querying_by_id) references identities (id) deferrable;
alter table orders add constraint orders_audit_completed_by_id_fkey foreign key (audit_completed_by_id) references identities (id) deferrable;
alter table orders add constraint orders_audit_failed_by_id_fkey foreign key (audit_failed_by_id) references identities (id) deferrable;
alter table orders add constraint orders_audit_deleted_by_id_fkey foreign key (audit_deleted_by_id) references identities (id) deferrable;
alter table order_lines add constraint order_lines_order_id_fkey foreign key (order_id) references orders (id) deferrable;
alter table order_lines add constraint order_lines_item_id_fkey foreign key (item_id) references items (id) deferrable;
alter table order_lines add constraint order_lines_subscription_id_fkey foreign key (order_id, subscription_id) references order_subscriptions (order_id, id) deferrable;
alter table order_lines add constraint order_lines_asset_id_fkey foreign key (order_id, asset_id) references order_assets (order_id, id) deferrable;
alter table order_subscriptions add constraint order_subscriptions_order_id_fkey foreign key (order_id) references orders (id) deferrable;
alter table order_subscriptions add constraint order_subscriptions_product_id_fkey foreign key (product_id) references products (id) deferrable;
alter table order_subscriptions add constraint order_subscriptions_agreement_id_fkey foreign key (agreement_id) references agreements (id) deferrable;
alter table order_subscriptions add constraint order_subscriptions_client_id_fkey foreign key (client_id) references accounts (id) deferrable;
alter table order_subscriptions add constraint order_subscriptions_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table order_subscriptions add constraint order_subscriptions_buyer_id_fkey foreign key (buyer_id) references buyers (id) deferrable;
alter table order_subscriptions add constraint order_subscriptions_template_id_fkey foreign key (template_id) references templates (id) deferrable;
alter table order_subscriptions add constraint order_subscriptions_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table order_subscriptions add constraint order_subscriptions_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table order_subscriptions add constraint order_subscriptions_audit_active_by_id_fkey foreign key (audit_active_by_id) references identities (id) deferrable;
alter table order_subscriptions add constraint order_subscriptions_audit_updating_by_id_fkey foreign key (audit_updating_by_id) references identities (id) deferrable;
alter table order_subscriptions add constraint order_subscriptions_audit_terminating_by_id_fkey foreign key (audit_terminating_by_id) references identities (id) deferrable;
alter table order_subscriptions add constraint order_subscriptions_audit_terminated_by_id_fkey foreign key (audit_terminated_by_id) references identities (id) deferrable;
alter table order_assets add constraint order_assets_order_id_fkey foreign key (order_id) references orders (id) deferrable;
alter table order_assets add constraint order_assets_product_id_fkey foreign key (product_id) references products (id) deferrable;
alter table order_assets add constraint order_assets_client_id_fkey foreign key (client_id) references accounts (id) deferrable;
alter table order_assets add constraint order_assets_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table order_assets add constraint order_assets_buyer_id_fkey foreign key (buyer_id) references buyers (id) deferrable;
alter table order_assets add constraint order_assets_template_id_fkey foreign key (template_id) references templates (id) deferrable;
alter table order_assets add constraint order_assets_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table order_assets add constraint order_assets_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table order_assets add constraint order_assets_audit_active_by_id_fkey foreign key (audit_active_by_id) references identities (id) deferrable;
alter table order_terms add constraint order_terms_order_id_fkey foreign key (order_id) references orders (id) deferrable;
alter table agreements add constraint agreements_listing_id_fkey foreign key (listing_id) references listings (id) deferrable;
alter table agreements add constraint agreements_authorization_id_fkey foreign key (authorization_id) references authorizations (id) deferrable;
alter table agreements add constraint agreements_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table agreements add constraint agreements_client_id_fkey foreign key (client_id) references accounts (id) deferrable;
alter table agreements add constraint agreements_licensee_id_fkey foreign key (licensee_id) references licensees (id) deferrable;
alter table agreements add constraint agreements_buyer_id_fkey foreign key (buyer_id) references buyers (id) deferrable;
alter table agreements add constraint agreements_seller_id_fkey foreign key (seller_id) references sellers (id) deferrable;
alter table agreements add constraint agreements_product_id_fkey foreign key (product_id) references products (id) deferrable;
alter table agreements add constraint agreements_template_id_fkey foreign key (template_id) references templates (id) deferrable;
alter table agreements add constraint agreements_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table agreements add constraint agreements_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table agreements add constraint agreements_audit_provisioning_by_id_fkey foreign key (audit_provisioning_by_id) references identities (id) deferrable;
alter table agreements add constraint agreements_audit_active_by_id_fkey foreign key (audit_active_by_id) references identities (id) deferrable;
alter table agreements add constraint agreements_audit_terminated_by_id_fkey foreign key (audit_terminated_by_id) references identities (id) deferrable;
alter table agreement_terms add constraint agreement_terms_agreement_id_fkey foreign key (agreement_id) references agreements (id) deferrable;
alter table subscriptions add constraint subscriptions_product_id_fkey foreign key (product_id) references products (id) deferrable;
alter table subscriptions add constraint subscriptions_agreement_id_fkey foreign key (agreement_id) references agreements (id) deferrable;
alter table subscriptions add constraint subscriptions_buyer_id_fkey foreign key (buyer_id) references buyers (id) deferrable;
alter table subscriptions add constraint subscriptions_licensee_id_fkey foreign key (licensee_id) references licensees (id) deferrable;
alter table subscriptions add constraint subscriptions_seller_id_fkey foreign key (seller_id) references sellers (id) deferrable;
alter table subscriptions add constraint subscriptions_client_id_fkey foreign key (client_id) references accounts (id) deferrable;
alter table subscriptions add constraint subscriptions_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table subscriptions add constraint subscriptions_template_id_fkey foreign key (template_id) references templates (id) deferrable;
alter table subscriptions add constraint subscriptions_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table subscriptions add constraint subscriptions_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table subscriptions add constraint subscriptions_audit_active_by_id_fkey foreign key (audit_active_by_id) references identities (id) deferrable;
alter table subscriptions add constraint subscriptions_audit_updating_by_id_fkey foreign key (audit_updating_by_id) references identities (id) deferrable;
alter table subscriptions add constraint subscriptions_audit_terminating_by_id_fkey foreign key (audit_terminating_by_id) references identities (id) deferrable;
alter table subscriptions add constraint subscriptions_audit_terminated_by_id_fkey foreign key (audit_terminated_by_id) references identities (id) deferrable;
alter table subscriptions add constraint subscriptions_audit_expired_by_id_fkey foreign key (audit_expired_by_id) references identities (id) deferrable;
alter table subscriptions add constraint subscriptions_audit_renewed_by_id_fkey foreign key (audit_renewed_by_id) references identities (id) deferrable;
alter table assets add constraint assets_template_id_fkey foreign key (template_id) references templates (id) deferrable;
alter table assets add constraint assets_agreement_id_fkey foreign key (agreement_id) references agreements (id) deferrable;
alter table assets add constraint assets_product_id_fkey foreign key (product_id) references products (id) deferrable;
alter table assets add constraint assets_price_list_id_fkey foreign key (price_list_id) references price_lists (id) deferrable;
alter table assets add constraint assets_listing_id_fkey foreign key (listing_id) references listings (id) deferrable;
alter table assets add constraint assets_licensee_id_fkey foreign key (licensee_id) references licensees (id) deferrable;
alter table assets add constraint assets_client_id_fkey foreign key (client_id) references accounts (id) deferrable;
alter table assets add constraint assets_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table assets add constraint assets_buyer_id_fkey foreign key (buyer_id) references buyers (id) deferrable;
alter table assets add constraint assets_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table assets add constraint assets_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table assets add constraint assets_audit_active_by_id_fkey foreign key (audit_active_by_id) references identities (id) deferrable;
alter table assets add constraint assets_audit_terminated_by_id_fkey foreign key (audit_terminated_by_id) references identities (id) deferrable;
alter table lines add constraint lines_item_id_fkey foreign key (item_id) references items (id) deferrable;
alter table lines add constraint lines_order_id_fkey foreign key (order_id) references orders (id) deferrable;
alter table lines add constraint lines_subscription_id_fkey foreign key (subscription_id) references subscriptions (id) deferrable;
alter table lines add constraint lines_asset_id_fkey foreign key (asset_id) references assets (id) deferrable;
alter table lines add constraint lines_agreement_id_fkey foreign key (agreement_id) references agreements (id) deferrable;
alter table lines add constraint lines_client_id_fkey foreign key (client_id) references accounts (id) deferrable;
alter table lines add constraint lines_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table lines add constraint lines_buyer_id_fkey foreign key (buyer_id) references buyers (id) deferrable;
alter table lines add constraint lines_seller_id_fkey foreign key (seller_id) references sellers (id) deferrable;
alter table lines add constraint lines_product_id_fkey foreign key (product_id) references products (id) deferrable;
alter table lines add constraint lines_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table lines add constraint lines_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table lines add constraint lines_audit_terminated_by_id_fkey foreign key (audit_terminated_by_id) references identities (id) deferrable;
alter table lines add constraint lines_audit_deleted_by_id_fkey foreign key (audit_deleted_by_id) references identities (id) deferrable;

-- One order in flight per agreement, whatever the program does.
create unique index orders_one_in_flight on orders (agreement_id) where status in ('Processing', 'Querying');
create index orders_client_status on orders (client_id, status, audit_created_at, id);
create index orders_vendor_status on orders (vendor_id, status, audit_created_at, id);
create index orders_status on orders (status, audit_created_at, id);
create index orders_client_created on orders (client_id, audit_created_at, id);
create index orders_vendor_created on orders (vendor_id, audit_created_at, id);
create index orders_created on orders (audit_created_at, id);
create index orders_agreement on orders (agreement_id);
create index orders_external_client on orders (external_ids_client) where external_ids_client is not null;
create index orders_external_vendor on orders (external_ids_vendor) where external_ids_vendor is not null;
create index agreements_client on agreements (client_id, audit_created_at, id);
create index agreements_vendor on agreements (vendor_id, audit_created_at, id);
create index agreements_created on agreements (audit_created_at, id);
create index agreements_buyer on agreements (buyer_id);
create index agreements_licensee on agreements (licensee_id);
create index subscriptions_agreement on subscriptions (agreement_id);
create index subscriptions_client on subscriptions (client_id, audit_created_at, id);
create index subscriptions_vendor on subscriptions (vendor_id, audit_created_at, id);
create index subscriptions_created on subscriptions (audit_created_at, id);
create index assets_agreement on assets (agreement_id);
create index assets_client on assets (client_id, audit_created_at, id);
create index assets_vendor on assets (vendor_id, audit_created_at, id);
create index assets_created on assets (audit_created_at, id);
create index lines_agreement on lines (agreement_id);
create index lines_subscription on lines (subscription_id) where subscription_id is not null;
create index lines_asset on lines (asset_id) where asset_id is not null;
create index lines_client on lines (client_id, audit_created_at, id);
create index lines_vendor on lines (vendor_id, audit_created_at, id);

create index items_product on items (product_id);
create index items_external_vendor on items (external_ids_vendor);
create index parameters_product on parameters (product_id);
create index templates_product on templates (product_id);
create index terms_product on terms (product_id);
create index listings_product_seller on listings (product_id, seller_id);
create index price_list_items_list on price_list_items (price_list_id, item_id);
create index price_list_items_item on price_list_items (item_id);
create index price_lists_product on price_lists (product_id);
create index authorizations_product on authorizations (product_id);
create index pricing_policies_client on pricing_policies (client_id);
create index licensees_account on licensees (account_id);
create index licensees_buyer on licensees (buyer_id);
create index buyers_account on buyers (account_id);
create index users_email on users (lower(email));
create index api_tokens_account on api_tokens (account_id);

-- Whoever acts is an identity: users and tokens are copied there as they change.
create function entrepot_identify() returns trigger
    language plpgsql
    as $$ begin
        insert into identities (id, revision, kind, name, icon)
        values (new.id, new.revision, tg_argv[0], new.name, new.icon)
        on conflict (id) do update
            set revision = excluded.revision, name = excluded.name, icon = excluded.icon;
        return new;
    end $$;
create trigger users_identify before insert or update of revision, name, icon on users
    for each row execute function entrepot_identify('User');
create trigger api_tokens_identify before insert or update of revision, name, icon on api_tokens
    for each row execute function entrepot_identify('Token');
insert into identities (id, revision, kind, name) values
    ('SVC-0001', 1, 'Service', 'Built-in fulfiller'),
    ('SVC-0002', 1, 'Service', 'Entrepot');

-- The trail as it is read: each row a record of the audit.
create view audit_records as
    select
        entrepot_audit_id(t.id) collate "C" as id,
        1 as revision,
        t.event,
        t.name,
        t.at as timestamp,
        'Public' as type,
        t.kind as object_kind,
        t.owner_id as object_owner_id,
        t.object_id,
        replace(initcap(replace(split_part(t.event, '.', 3), '_', ' ')), ' ', '') as object_type,
        t.revision as object_revision,
        t.actor_id,
        i.name as actor_name,
        i.icon as actor_icon,
        t.account_id as actor_account_id,
        t.delta -> 'status' ->> 1 as became,
        t.delta,
        t.details as facts,
        t.accounts,
        t.scope,
        coalesce((
            select jsonb_agg(jsonb_strip_nulls(
                jsonb_build_object('id', a.id, 'name', a.name, 'type', a.type, 'icon', a.icon)) order by a.id)
            from accounts a where a.id = any (t.accounts)
        ), '[]') as viewers,
        '{"id":"' || entrepot_audit_id(t.id) || '","revision":1}' as core
    from trail t left join identities i on i.id = t.actor_id;
