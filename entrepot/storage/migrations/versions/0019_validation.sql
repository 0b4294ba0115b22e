-- Webhooks by which vendors validate.

create table webhooks (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    status text collate "C" not null check (status in ('Enabled', 'Disabled')),
    type text collate "C" check (type in (
        'ValidatePurchaseOrderDraft', 'ValidatePurchaseOrderQuerying', 'ValidateChangeOrderDraft',
        'ValidateConfigurationOrderDraft', 'ValidateTerminateOrder', 'SelectOrderLines', 'ValidateRequest',
        'ValidateAccount', 'ValidateEnrollmentDraft', 'ValidateEnrollmentQuerying', 'ValidateReEnrollment',
        'ValidateReEnrollmentQuerying', 'ValidateAnswer')),
    url text collate "C",
    description text collate "C",
    criteria jsonb,
    object_type text collate "C" check (object_type in ('Order', 'Request', 'Account', 'Enrollment')),
    object_id text collate "C",
    account_id text collate "C",
    secret text collate "C",
    statistics_total integer,
    statistics_successes integer,
    statistics_failures integer,
    statistics_failures_since_last_success integer,
    last_call jsonb,
    last_success jsonb,
    last_failure jsonb,
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    audit_enabled_at timestamptz(3),
    audit_enabled_by_id text collate "C",
    audit_disabled_at timestamptz(3),
    audit_disabled_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), ''), 2) || '}')) stored,
    primary key (id)
);
alter table webhooks add constraint webhooks_object_id_fkey foreign key (object_id) references products (id) deferrable;
alter table webhooks add constraint webhooks_account_id_fkey foreign key (account_id) references accounts (id) deferrable;
alter table webhooks add constraint webhooks_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table webhooks add constraint webhooks_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
alter table webhooks add constraint webhooks_audit_enabled_by_id_fkey foreign key (audit_enabled_by_id) references identities (id) deferrable;
alter table webhooks add constraint webhooks_audit_disabled_by_id_fkey foreign key (audit_disabled_by_id) references identities (id) deferrable;

-- Of one type there is one for each product, and one of each account that is about none.
create unique index webhooks_one_of_a_type on webhooks (account_id, type, object_id) nulls not distinct;
create index webhooks_object on webhooks (object_id);

create table webhook_calls (
    id text collate "C" not null,
    revision integer not null,
    webhook_id text collate "C" not null,
    success boolean,
    call_time timestamptz(3),
    response_time timestamptz(3),
    http_status_code integer,
    reason_phrase text collate "C",
    headers text collate "C",
    response text collate "C",
    error text collate "C",
    object_id text collate "C",
    object_object_type text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, ''), 2) || '}')) stored,
    primary key (id)
);
alter table webhook_calls add constraint webhook_calls_webhook_id_fkey foreign key (webhook_id) references webhooks (id) on delete cascade deferrable;
create index webhook_calls_of on webhook_calls (webhook_id, call_time desc, id);

create function entrepot_webhook_called() returns trigger
    language plpgsql
    -- Counted here, so that two calls at once are two, and the webhook's revision is that of what people change on it.
    as $$
    declare
        told jsonb := jsonb_strip_nulls(jsonb_build_object(
            'success', new.success,
            'callTime', to_char(new.call_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            'responseTime', to_char(new.response_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            'httpStatusCode', new.http_status_code,
            'reasonPhrase', new.reason_phrase,
            'headers', new.headers,
            'response', new.response,
            'error', new.error));
    begin
        update webhooks set
            statistics_total = coalesce(statistics_total, 0) + 1,
            statistics_successes = coalesce(statistics_successes, 0) + new.success::integer,
            statistics_failures = coalesce(statistics_failures, 0) + (not new.success)::integer,
            statistics_failures_since_last_success =
                case when new.success then 0 else coalesce(statistics_failures_since_last_success, 0) + 1 end,
            last_call = told,
            last_success = case when new.success then told else last_success end,
            last_failure = case when new.success then last_failure else told end
        where id = new.webhook_id;
        delete from webhook_calls where id in (
            select id from webhook_calls where webhook_id = new.webhook_id order by call_time desc, id offset 100);
        return null;
    end $$;
create trigger webhook_calls_counted after insert on webhook_calls
    for each row execute function entrepot_webhook_called();

-- What came of asking a vendor to validate an order.
alter table orders add column validation_status text collate "C"
    check (validation_status in ('Valid', 'Invalid', 'Refused', 'Unanswered'));
alter table orders add column validation_at timestamptz(3);
alter table orders add column validation_webhook_id text collate "C";
alter table orders add column validation_reason text collate "C";

insert into identities (id, revision, kind, name) values ('SVC-0003', 1, 'Service', 'Validation by the vendor');
