-- No extension is deleted while somebody installs it: whoever installs holds its row, and the one who deletes it looks
-- again once that is over.
create function entrepot_require_uninstalled() returns trigger
    language plpgsql
    as $$ begin
        perform from extensions where id = new.id for update;
        if exists (select from extension_installations where extension_id = new.id and status in ('Invited', 'Installed'))
        then
            raise exception 'installed meanwhile' using errcode = 'serialization_failure';
        end if;
        return null;
    end $$;
create trigger extensions_uninstalled after update of status on extensions
    for each row when (new.status = 'Deleted' and old.status <> 'Deleted')
    execute function entrepot_require_uninstalled();
