-- What extensions do by the clock, and what becomes of tasks that take too long.

-- Some work falls due in real time. What is not wanted any more is taken away before its time.
alter table due add column real boolean not null default false;
create index due_real on due (at) where done_at is null and real;
create index due_about on due (object_id) where done_at is null;

create table extension_schedules (
    id text collate "C" not null,
    revision integer not null,
    name text collate "C",
    external_id text collate "C",
    description text collate "C",
    cron text collate "C",
    path text collate "C",
    next_run timestamptz(3),
    last_run timestamptz(3),
    run_for text collate "C",
    extension_id text collate "C",
    vendor_id text collate "C",
    audit_created_at timestamptz(3),
    audit_created_by_id text collate "C",
    audit_updated_at timestamptz(3),
    audit_updated_by_id text collate "C",
    core text generated always as (('{' || substr(coalesce(',"id":' || entrepot_quote("id"), '') || coalesce(',"revision":' || "revision"::text, '') || coalesce(',"name":' || entrepot_quote("name"), ''), 2) || '}')) stored,
    primary key (id)
);
alter table extension_schedules add constraint extension_schedules_extension_id_fkey foreign key (extension_id) references extensions (id) deferrable;
alter table extension_schedules add constraint extension_schedules_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;
alter table extension_schedules add constraint extension_schedules_audit_created_by_id_fkey foreign key (audit_created_by_id) references identities (id) deferrable;
alter table extension_schedules add constraint extension_schedules_audit_updated_by_id_fkey foreign key (audit_updated_by_id) references identities (id) deferrable;
create unique index extension_schedules_named on extension_schedules (extension_id, external_id);
create index extension_schedules_vendor on extension_schedules (vendor_id);

-- What a schedule asks of an account is not begun beside itself.
create unique index tasks_of_schedule on tasks (object_id, account_id)
    where event = 'platform.integration.schedule.fired' and status not in ('Completed', 'Failed');

-- A schedule runs: one letter to each installation, all at once. Where the last one has not been begun, that one will do.
create function entrepot_schedule() returns trigger
    language plpgsql
    as $$ begin
        insert into deliveries (id, receiver_id, kind, account_id, vendor_id, extension_id, event, object_id,
            object_type, object_key, payload)
        select 'DLV-' || regexp_replace((1e15 + floor(random() * 9e15))::bigint::text, '(\d{4})(?=\d)', '\1-', 'g'),
            i.id, 'extension', i.account_id, i.vendor_id, i.extension_id, 'platform.integration.schedule.fired',
            new.id, 'Schedule', 'Schedule/' || new.id, jsonb_build_object(
                'event', 'platform.integration.schedule.fired',
                'at', to_char(new.last_run at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                'object', jsonb_build_object('id', new.id, 'objectType', 'Schedule', 'name', new.name),
                'route', jsonb_build_object('path', new.path, 'task', true, 'schedule', new.external_id))
        from extension_installations i join extensions e on e.id = i.extension_id join accounts a on a.id = i.account_id
        where i.extension_id = new.extension_id and i.status = 'Installed' and i.id = coalesce(new.run_for, i.id)
            and e.address is not null and e.status <> 'Deleted' and a.status in ('Enabled', 'Active')
            and not exists (select from deliveries d
                left join tasks t on t.delivery >= d.id and t.delivery < d.id || '0'
                where d.receiver_id = i.id and d.object_key = 'Schedule/' || new.id and d.status = 'Pending'
                    and (t.id is null or t.status in ('Queued', 'Blocked', 'Rescheduled')))
        order by i.id for share of i;
        if found then
            perform pg_notify('entrepot', 'made');
        end if;
        return null;
    end $$;
create trigger extension_schedules_run after update of last_run on extension_schedules
    for each row when (new.last_run is distinct from old.last_run) execute function entrepot_schedule();

-- Nothing goes on for an account that has let an extension go.
create function entrepot_uninstalled() returns trigger
    language plpgsql
    as $$ begin
        update deliveries set status = 'Failed', leased_until = null where receiver_id = new.id and status = 'Pending';
        return null;
    end $$;
create trigger extension_installations_ended after update of status on extension_installations
    for each row when (new.status = 'Uninstalled') execute function entrepot_uninstalled();

-- With the end of a task its delivery ends, and what waits for it in the same schedule may begin.
create function entrepot_task_ended() returns trigger
    language plpgsql
    as $$ begin
        update deliveries d set next_at = clock_timestamp()
        from deliveries mine
        where mine.id = split_part(new.delivery, '/', 1) and d.receiver_id = mine.receiver_id
            and d.object_key = mine.object_key and d.status = 'Pending' and d.next_at > clock_timestamp()
            and (d.id = mine.id or (d.position is null and mine.position is null));
        return null;
    end $$;
create trigger tasks_ended after update of status on tasks
    for each row when (new.delivery is not null and new.status in ('Completed', 'Failed') and old.status <> new.status)
    execute function entrepot_task_ended();
