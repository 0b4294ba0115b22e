-- Deliveries to extensions, as their vendors see them.

-- The same fault may be made again when it is spent.
alter table event_subscriptions add column fault_at timestamptz(3);
alter table extension_installations
    add column fault text collate "C" check (fault in ('timeout', 'error', 'twice', 'reorder')),
    add column fault_times integer,
    add column fault_at timestamptz(3);

-- Whose extension a receiver is. Of a delivery also who took it on last: that says where an attempt was made.
alter table receivers add column vendor_id text collate "C", add column extension_id text collate "C";
alter table deliveries
    add column vendor_id text collate "C",
    add column extension_id text collate "C",
    add column leased_by text collate "C";
update receivers r set vendor_id = i.vendor_id, extension_id = i.extension_id
from extension_installations i where i.id = r.id;
-- What is shown to a vendor is what its letters tell. A row without a vendor holds more, and is shown to none.
update deliveries d set vendor_id = i.vendor_id, extension_id = i.extension_id, payload = jsonb_strip_nulls(
    jsonb_build_object('event', payload -> 'event', 'at', payload -> 'at', 'route', payload -> 'route', 'object',
        jsonb_build_object('id', payload #> '{object,id}', 'objectType', payload #> '{object,objectType}',
            'name', payload #> '{object,name}')))
from extension_installations i where i.id = d.receiver_id;

create index deliveries_vendor on deliveries (vendor_id, made_at) where vendor_id is not null;
-- In place of one by ranges: it also gives the newest of all, which operations read.
drop index deliveries_made;
create index deliveries_made on deliveries (made_at);

-- `webhook_deliveries` stays for programs of the version before, as long as some of them run.
create view delivery_records as
    select
        id,
        revision,
        receiver_id,
        case when kind = 'webhook' then receiver_id end as subscription_id,
        case when kind = 'extension' then receiver_id end as installation_id,
        extension_id,
        account_id,
        vendor_id,
        coalesce(vendor_id, account_id) as keeper_id,
        status,
        event,
        object_id,
        object_type as object_object_type,
        tries,
        made_at as created,
        (case when status = 'Pending' then next_at end)::timestamptz(3) as next_attempt,
        delivered_at as delivered,
        attempts,
        payload
    from deliveries;

create or replace function entrepot_receiver() returns trigger
    language plpgsql
    -- A subscription reads on from where everything stood when it was made; while it is not active it keeps its place.
    as $$ begin
        if tg_op = 'DELETE' then
            delete from receivers where id = old.id;
        elsif tg_op = 'INSERT' then
            insert into receivers (id, kind, account_id, reads_all, active, position, fault, fault_left)
            select new.id, 'webhook', new.account_id,
                coalesce((select type = 'Operations' from accounts where id = new.account_id), true),
                new.status = 'Active', position, new.fault, new.fault_times
            from sealer;
        else
            if new.status is distinct from old.status then
                update receivers set active = new.status = 'Active', leased_until = null, failures = 0,
                    failing_since = null, retry_at = null
                where id = new.id;
                if new.status = 'Active' then
                    update deliveries set next_at = clock_timestamp(), first_tried_at = null
                    where receiver_id = new.id and status = 'Pending';
                end if;
            end if;
            if new.url is distinct from old.url then
                update receivers set retry_at = null where id = new.id;
            end if;
            if (new.fault, new.fault_times, new.fault_at) is distinct from (old.fault, old.fault_times, old.fault_at) then
                update receivers set fault = new.fault, fault_left = new.fault_times, retry_at = null where id = new.id;
            end if;
        end if;
        return null;
    end $$;

create or replace function entrepot_installed() returns trigger
    language plpgsql
    as $$ begin
        if new.status = 'Installed' and (tg_op = 'INSERT' or old.status <> 'Installed') then
            insert into receivers (id, kind, account_id, vendor_id, extension_id, reads_all, active, position, fault,
                fault_left)
            select new.id, 'extension', new.account_id, new.vendor_id, new.extension_id,
                coalesce((select type = 'Operations' from accounts where id = new.account_id), true), true, position,
                new.fault, new.fault_times
            from sealer
            on conflict (id) do update set active = true;
        elsif new.status <> 'Installed' then
            update receivers set active = false where id = new.id;
        end if;
        if tg_op = 'UPDATE' and (new.fault, new.fault_times, new.fault_at)
            is distinct from (old.fault, old.fault_times, old.fault_at) then
            update receivers set fault = new.fault, fault_left = new.fault_times, retry_at = null where id = new.id;
        end if;
        return null;
    end $$;
drop trigger extension_installations_receiver on extension_installations;
create trigger extension_installations_receiver after insert or update of status, fault, fault_times, fault_at
    on extension_installations for each row execute function entrepot_installed();
