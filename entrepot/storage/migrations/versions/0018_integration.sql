-- Extensions, what belongs to them, and tasks.

create table tasks (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    description text collate "C",
    status text collate "C" not null check (status in ('Queued', 'Blocked', 'Rescheduled', 'Processing', 'Completed', 'Failed')),
    progress numeric,
    result text collate "C",
    reason text collate "C",
    parameters jsonb,
    event text collate "C",
    object_id text collate "C",
    object_name text collate "C",
    object_object_type text collate "C",
    object_kind text collate "C",
    delivery text collate "C",
    account_id text collate "C",
    extension_id text collate "C",
    vendor_id text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_queued_at timestamptz(3),
    audit_queued_by_id text collate "C",
    audit_started_at timestamptz(3),
    audit_started_by_id text collate "C",
    audit_rescheduled_at timestamptz(3),
    audit_rescheduled_by_id text collate "C",
    audit_completed_at timestamptz(3),
    audit_completed_by_id text collate "C",
    audit_failed_at timestamptz(3),
    audit_failed_by_id text collate "C",
    audit_blocked_at timestamptz(3),
    audit_blocked_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (id)
);
create table task_logs (
    id text collate "C" not null,
    revision integer not null,
    message text collate "C",
    severity text collate "C" check (severity in ('Debug', 'Info', 'Warning', 'Error', 'Failure')),
    parameters jsonb,
    progress numeric,
    eta timestamptz(3),
    timestamp timestamptz(3),
    task_id text collate "C" not null,
    vendor_id text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, ''), 2) || '}')) stored,
    primary key (id)
);
create table extensions (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    icon text collate "C",
    icon_key text collate "C",
    status text collate "C" not null check (status in ('Private', 'Public', 'Deleted')),
    website text collate "C",
    short_description text collate "C",
    long_description text collate "C",
    vendor_id text collate "C",
    configuration jsonb,
    meta jsonb,
    service_url text collate "C",
    secret_hash text collate "C",
    address text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_private_at timestamptz(3),
    audit_private_by_id text collate "C",
    audit_public_at timestamptz(3),
    audit_public_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"icon":' || entrepot_quote("icon"), '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (id)
);
create table extension_categories (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    description text collate "C",
    status text collate "C" not null check (status in ('Active', 'Disabled', 'Deleted')),
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_active_at timestamptz(3),
    audit_active_by_id text collate "C",
    audit_disabled_at timestamptz(3),
    audit_disabled_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (id)
);
create table extension_documents (
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
    status text collate "C" not null check (status in ('Draft', 'Unpublished', 'Published', 'Deleted')),
    extension_id text collate "C" not null,
    vendor_id text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_published_at timestamptz(3),
    audit_published_by_id text collate "C",
    audit_unpublished_at timestamptz(3),
    audit_unpublished_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"type":' || entrepot_quote("type"), '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (id)
);
create table extension_media (
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
    status text collate "C" not null check (status in ('Draft', 'Unpublished', 'Published', 'Deleted')),
    extension_id text collate "C" not null,
    vendor_id text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_published_at timestamptz(3),
    audit_published_by_id text collate "C",
    audit_unpublished_at timestamptz(3),
    audit_unpublished_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"type":' || entrepot_quote("type"), '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (id)
);
create table extension_terms (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    description text collate "C",
    display_order integer check (display_order >= 0),
    status text collate "C" not null check (status in ('Draft', 'Unpublished', 'Published', 'Deleted')),
    extension_id text collate "C" not null,
    vendor_id text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_published_at timestamptz(3),
    audit_published_by_id text collate "C",
    audit_unpublished_at timestamptz(3),
    audit_unpublished_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), ''), 2) || '}')) stored,
    primary key (id)
);
create table extension_terms_variants (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    type text collate "C" check (type in ('Online', 'File')),
    description text collate "C",
    language_code text collate "C",
    asset_url text collate "C",
    file_id text collate "C",
    filename text collate "C",
    size integer,
    content_type text collate "C",
    file_key text collate "C",
    status text collate "C" not null check (status in ('Draft', 'Unpublished', 'Published', 'Deleted')),
    term_id text collate "C" not null,
    vendor_id text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_published_at timestamptz(3),
    audit_published_by_id text collate "C",
    audit_unpublished_at timestamptz(3),
    audit_unpublished_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"type":' || entrepot_quote("type"), ''), 2) || '}')) stored,
    primary key (id)
);
create table extension_instances (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    external_id text collate "C",
    version text collate "C",
    status text collate "C" not null check (status in ('Connecting', 'Running', 'Disconnected', 'Deleted')),
    meta jsonb,
    channel jsonb,
    extension_id text collate "C" not null,
    vendor_id text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_connecting_at timestamptz(3),
    audit_connecting_by_id text collate "C",
    audit_running_at timestamptz(3),
    audit_running_by_id text collate "C",
    audit_disconnected_at timestamptz(3),
    audit_disconnected_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (id)
);
create table extension_installations (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    status text collate "C" not null check (status in ('Invited', 'Installed', 'Expired', 'Uninstalled')),
    account_id text collate "C",
    extension_id text collate "C",
    configuration jsonb,
    invitation_message text collate "C",
    invitation_validity_period text collate "C" check (invitation_validity_period in ('7d', '14d', '1m', '3m', '6m', '1y')),
    invitation_hash text collate "C",
    vendor_id text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_invited_at timestamptz(3),
    audit_invited_by_id text collate "C",
    audit_installed_at timestamptz(3),
    audit_installed_by_id text collate "C",
    audit_expired_at timestamptz(3),
    audit_expired_by_id text collate "C",
    audit_uninstalled_at timestamptz(3),
    audit_uninstalled_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), '') || coalesce(',"status":' || entrepot_quote("status"), ''), 2) || '}')) stored,
    primary key (id)
);
create table extensions_categories (
    owner_id text collate "C" not null references extensions (id) on delete cascade deferrable,
    target_id text collate "C" not null references extension_categories (id) deferrable,
    place integer not null,
    primary key (owner_id, target_id)
);
create table extensions_modules (
    owner_id text collate "C" not null references extensions (id) on delete cascade deferrable,
    target_id text collate "C" not null references modules (id) deferrable,
    place integer not null,
    primary key (owner_id, target_id)
);
create table extension_installations_modules (
    owner_id text collate "C" not null references extension_installations (id) on delete cascade deferrable,
    target_id text collate "C" not null references modules (id) deferrable,
    place integer not null,
    primary key (owner_id, target_id)
);
create table extension_installations_terms (
    owner_id text collate "C" not null references extension_installations (id) on delete cascade deferrable,
    target_id text collate "C" not null references extension_terms (id) deferrable,
    place integer not null,
    primary key (owner_id, target_id)
);

alter table tasks add constraint tasks_account_id_fkey foreign key (account_id) references accounts (id) deferrable;
alter table tasks add constraint tasks_extension_id_fkey foreign key (extension_id) references extensions (id) deferrable;
alter table tasks add constraint tasks_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table tasks add constraint tasks_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table tasks add constraint tasks_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table tasks add constraint tasks_audit_queued_by_id_fkey foreign key (audit_queued_by_id) references identities (id) deferrable;
alter table tasks add constraint tasks_audit_started_by_id_fkey foreign key (audit_started_by_id) references identities (id) deferrable;
alter table tasks add constraint tasks_audit_rescheduled_by_id_fkey foreign key (audit_rescheduled_by_id) references identities (id) deferrable;
alter table tasks add constraint tasks_audit_completed_by_id_fkey foreign key (audit_completed_by_id) references identities (id) deferrable;
alter table tasks add constraint tasks_audit_failed_by_id_fkey foreign key (audit_failed_by_id) references identities (id) deferrable;
alter table tasks add constraint tasks_audit_blocked_by_id_fkey foreign key (audit_blocked_by_id) references identities (id) deferrable;
alter table task_logs add constraint task_logs_task_id_fkey foreign key (task_id) references tasks (id) deferrable;
alter table task_logs add constraint task_logs_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table task_logs add constraint task_logs_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table extensions add constraint extensions_icon_key_fkey foreign key (icon_key) references files (key) deferrable;
alter table extensions add constraint extensions_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table extensions add constraint extensions_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table extensions add constraint extensions_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table extensions add constraint extensions_audit_private_by_id_fkey foreign key (audit_private_by_id) references identities (id) deferrable;
alter table extensions add constraint extensions_audit_public_by_id_fkey foreign key (audit_public_by_id) references identities (id) deferrable;
alter table extension_categories add constraint extension_categories_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table extension_categories add constraint extension_categories_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table extension_categories add constraint extension_categories_audit_active_by_id_fkey foreign key (audit_active_by_id) references identities (id) deferrable;
alter table extension_categories add constraint extension_categories_audit_disabled_by_id_fkey foreign key (audit_disabled_by_id) references identities (id) deferrable;
alter table extension_documents add constraint extension_documents_file_key_fkey foreign key (file_key) references files (key) deferrable;
alter table extension_documents add constraint extension_documents_extension_id_fkey foreign key (extension_id) references extensions (id) deferrable;
alter table extension_documents add constraint extension_documents_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table extension_documents add constraint extension_documents_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table extension_documents add constraint extension_documents_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table extension_documents add constraint extension_documents_audit_published_by_id_fkey foreign key (audit_published_by_id) references identities (id) deferrable;
alter table extension_documents add constraint extension_documents_audit_unpublished_by_id_fkey foreign key (audit_unpublished_by_id) references identities (id) deferrable;
alter table extension_media add constraint extension_media_file_key_fkey foreign key (file_key) references files (key) deferrable;
alter table extension_media add constraint extension_media_extension_id_fkey foreign key (extension_id) references extensions (id) deferrable;
alter table extension_media add constraint extension_media_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table extension_media add constraint extension_media_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table extension_media add constraint extension_media_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table extension_media add constraint extension_media_audit_published_by_id_fkey foreign key (audit_published_by_id) references identities (id) deferrable;
alter table extension_media add constraint extension_media_audit_unpublished_by_id_fkey foreign key (audit_unpublished_by_id) references identities (id) deferrable;
alter table extension_terms add constraint extension_terms_extension_id_fkey foreign key (extension_id) references extensions (id) deferrable;
alter table extension_terms add constraint extension_terms_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table extension_terms add constraint extension_terms_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table extension_terms add constraint extension_terms_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table extension_terms add constraint extension_terms_audit_published_by_id_fkey foreign key (audit_published_by_id) references identities (id) deferrable;
alter table extension_terms add constraint extension_terms_audit_unpublished_by_id_fkey foreign key (audit_unpublished_by_id) references identities (id) deferrable;
alter table extension_terms_variants add constraint extension_terms_variants_file_key_fkey foreign key (file_key) references files (key) deferrable;
alter table extension_terms_variants add constraint extension_terms_variants_term_id_fkey foreign key (term_id) references extension_terms (id) deferrable;
alter table extension_terms_variants add constraint extension_terms_variants_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table extension_terms_variants add constraint extension_terms_variants_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table extension_terms_variants add constraint extension_terms_variants_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table extension_terms_variants add constraint extension_terms_variants_audit_published_by_id_fkey foreign key (audit_published_by_id) references identities (id) deferrable;
alter table extension_terms_variants add constraint extension_terms_variants_audit_unpublished_by_id_fkey foreign key (audit_unpublished_by_id) references identities (id) deferrable;
alter table extension_instances add constraint extension_instances_extension_id_fkey foreign key (extension_id) references extensions (id) deferrable;
alter table extension_instances add constraint extension_instances_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table extension_instances add constraint extension_instances_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table extension_instances add constraint extension_instances_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table extension_instances add constraint extension_instances_audit_connecting_by_id_fkey foreign key (audit_connecting_by_id) references identities (id) deferrable;
alter table extension_instances add constraint extension_instances_audit_running_by_id_fkey foreign key (audit_running_by_id) references identities (id) deferrable;
alter table extension_instances add constraint extension_instances_audit_disconnected_by_id_fkey foreign key (audit_disconnected_by_id) references identities (id) deferrable;
alter table extension_installations add constraint extension_installations_account_id_fkey foreign key (account_id) references accounts (id) deferrable;
alter table extension_installations add constraint extension_installations_extension_id_fkey foreign key (extension_id) references extensions (id) deferrable;
alter table extension_installations add constraint extension_installations_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table extension_installations add constraint extension_installations_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table extension_installations add constraint extension_installations_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table extension_installations add constraint extension_installations_audit_invited_by_id_fkey foreign key (audit_invited_by_id) references identities (id) deferrable;
alter table extension_installations add constraint extension_installations_audit_installed_by_id_fkey foreign key (audit_installed_by_id) references identities (id) deferrable;
alter table extension_installations add constraint extension_installations_audit_expired_by_id_fkey foreign key (audit_expired_by_id) references identities (id) deferrable;
alter table extension_installations add constraint extension_installations_audit_uninstalled_by_id_fkey foreign key (audit_uninstalled_by_id) references identities (id) deferrable;

-- What is asked of these: whose they are, what belongs to what, and that there is one of a kind.
create index tasks_account on tasks (account_id, id);
create index tasks_vendor on tasks (vendor_id, id);
create unique index tasks_delivery on tasks (delivery) where delivery is not null;
create index task_logs_task on task_logs (task_id);
create unique index extensions_secret on extensions (secret_hash);
create index extensions_vendor on extensions (vendor_id);
create index extension_documents_extension on extension_documents (extension_id);
create index extension_media_extension on extension_media (extension_id);
create index extension_terms_extension on extension_terms (extension_id);
create index extension_terms_variants_term on extension_terms_variants (term_id);
create unique index extension_instances_named on extension_instances (extension_id, external_id) where status <> 'Deleted';
create index extension_installations_account on extension_installations (account_id, extension_id);
create unique index extension_installations_one_open on extension_installations (extension_id, account_id)
    where status in ('Invited', 'Installed');
create index extension_installations_vendor on extension_installations (vendor_id);

-- An extension acts in its own name.
create trigger extensions_identify before insert or update of revision, name, icon on extensions
    for each row execute function entrepot_identify('Service');

-- An installation receives events from the moment on at which it is there; when it has ended, none.
create function entrepot_installed() returns trigger
    language plpgsql
    as $$ begin
        if new.status = 'Installed' then
            insert into receivers (id, kind, account_id, reads_all, active, position)
            select new.id, 'extension', new.account_id,
                coalesce((select type = 'Operations' from accounts where id = new.account_id), true), true, position
            from sealer
            on conflict (id) do update set active = true;
        else
            update receivers set active = false where id = new.id;
        end if;
        return null;
    end $$;
create trigger extension_installations_receiver after insert or update of status on extension_installations
    for each row execute function entrepot_installed();

-- Where an extension tells anew where it is, what waits for it goes out at once.
create function entrepot_reached() returns trigger
    language plpgsql
    as $$
    declare
        reached text := case when tg_table_name = 'extensions' then new.id else (to_jsonb(new) ->> 'extension_id') end;
    begin
        update receivers r set failures = 0, failing_since = null, retry_at = null, leased_until = null
        from extension_installations i where i.extension_id = reached and r.id = i.id;
        update deliveries d set next_at = clock_timestamp()
        from extension_installations i where i.extension_id = reached and d.receiver_id = i.id
            and d.status = 'Pending' and d.next_at > clock_timestamp();
        return null;
    end $$;
create trigger extensions_reached after update of address on extensions
    for each row when (new.address is distinct from old.address and new.address is not null)
    execute function entrepot_reached();
create trigger extension_instances_reached after insert or update on extension_instances
    for each row when (new.status = 'Running') execute function entrepot_reached();
