-- Requests, with what is said on them and what is attached.

create table requests (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    status text collate "C" not null check (status in ('Draft', 'Processing', 'Querying', 'Completed')),
    external_id text collate "C",
    error text collate "C",
    from_id text collate "C",
    to_id text collate "C",
    client_id text collate "C",
    vendor_id text collate "C",
    requester_id text collate "C",
    assignee_id text collate "C",
    product_id text collate "C",
    external_ids_client text collate "C",
    external_ids_vendor text collate "C",
    external_ids_operations text collate "C",
    parameters jsonb not null default '[]',
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_processing_at timestamptz(3),
    audit_processing_by_id text collate "C",
    audit_querying_at timestamptz(3),
    audit_querying_by_id text collate "C",
    audit_completed_at timestamptz(3),
    audit_completed_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), ''), 2) || '}')) stored,
    primary key (id)
);

create table request_messages (
    id text collate "C" not null,
    revision integer not null,
    request_id text collate "C" not null,
    account_id text collate "C",
    type text collate "C" check (type in ('Comment', 'Processing', 'Querying', 'Completed')),
    content text collate "C",
    visibility_client boolean,
    visibility_vendor boolean,
    visibility_operations boolean,
    client_id text collate "C",
    vendor_id text collate "C",
    requester_id text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"type":' || entrepot_quote("type"), '') || coalesce(',"content":' || entrepot_quote("content"), '') || coalesce(',"visibility":' || nullif(('{' || substr(coalesce(',"client":' || (case when "visibility_client" then 'true' else 'false' end), '') || coalesce(',"vendor":' || (case when "visibility_vendor" then 'true' else 'false' end), '') || coalesce(',"operations":' || (case when "visibility_operations" then 'true' else 'false' end), ''), 2) || '}'), '{}'), ''), 2) || '}')) stored,
    primary key (id)
);

create table request_attachments (
    id text collate "C" not null,
    revision integer not null,
    request_id text collate "C" not null,
    name text collate "C",
    description text collate "C",
    filename text collate "C",
    size integer,
    content_type text collate "C",
    file_key text collate "C",
    account_id text collate "C",
    client_id text collate "C",
    vendor_id text collate "C",
    requester_id text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), ''), 2) || '}')) stored,
    primary key (id)
);

create index requests_client on requests (client_id);
create index requests_vendor on requests (vendor_id);
create index request_messages_request on request_messages (request_id);
create index request_attachments_request on request_attachments (request_id);

alter table requests add constraint requests_from_id_fkey foreign key (from_id) references accounts (id) deferrable;
alter table requests add constraint requests_to_id_fkey foreign key (to_id) references accounts (id) deferrable;
alter table requests add constraint requests_client_id_fkey foreign key (client_id) references accounts (id) deferrable;
alter table requests add constraint requests_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table requests add constraint requests_requester_id_fkey foreign key (requester_id) references users (id) deferrable;
alter table requests add constraint requests_assignee_id_fkey foreign key (assignee_id) references users (id) deferrable;
alter table requests add constraint requests_product_id_fkey foreign key (product_id) references products (id) deferrable;
alter table requests add constraint requests_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table requests add constraint requests_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table requests add constraint requests_audit_processing_by_id_fkey foreign key (audit_processing_by_id) references identities (id) deferrable;
alter table requests add constraint requests_audit_querying_by_id_fkey foreign key (audit_querying_by_id) references identities (id) deferrable;
alter table requests add constraint requests_audit_completed_by_id_fkey foreign key (audit_completed_by_id) references identities (id) deferrable;
alter table request_messages add constraint request_messages_request_id_fkey foreign key (request_id) references requests (id) deferrable;
alter table request_messages add constraint request_messages_account_id_fkey foreign key (account_id) references accounts (id) deferrable;
alter table request_messages add constraint request_messages_client_id_fkey foreign key (client_id) references accounts (id) deferrable;
alter table request_messages add constraint request_messages_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table request_messages add constraint request_messages_requester_id_fkey foreign key (requester_id) references users (id) deferrable;
alter table request_messages add constraint request_messages_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table request_messages add constraint request_messages_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table request_attachments add constraint request_attachments_request_id_fkey foreign key (request_id) references requests (id) deferrable;
alter table request_attachments add constraint request_attachments_account_id_fkey foreign key (account_id) references accounts (id) deferrable;
alter table request_attachments add constraint request_attachments_client_id_fkey foreign key (client_id) references accounts (id) deferrable;
alter table request_attachments add constraint request_attachments_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table request_attachments add constraint request_attachments_requester_id_fkey foreign key (requester_id) references users (id) deferrable;
alter table request_attachments add constraint request_attachments_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table request_attachments add constraint request_attachments_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table request_attachments add constraint request_attachments_file_key_fkey foreign key (file_key) references files (key) deferrable;
