-- What a vendor drafts: products, items, parameters, templates.

-- Of the groups of a product, and of its templates of one type, one is the default. Whoever makes another one it takes
-- the word from the one before in the same statement, so that both are looked at when the statement is done.
update item_groups t set is_default = false where is_default and status <> 'Deleted' and exists (
    select from item_groups o where o.product_id = t.product_id and o.is_default and o.status <> 'Deleted' and o.id < t.id
);
update parameter_groups t set is_default = false where is_default and status <> 'Deleted' and exists (
    select from parameter_groups o
    where o.product_id = t.product_id and o.is_default and o.status <> 'Deleted' and o.id < t.id
);
update templates t set is_default = false where is_default and status <> 'Deleted' and exists (
    select from templates o
    where o.product_id = t.product_id and o.type = t.type and o.is_default and o.status <> 'Deleted' and o.id < t.id
);

-- The official command line insists on these where it exports a product.
update products set short_description = coalesce(short_description, ''), long_description = coalesce(long_description, ''),
    website = coalesce(website, '') where short_description is null or long_description is null or website is null;
update items set description = '' where description is null;
update item_groups set display_order = 0 where display_order is null;
update parameter_groups set display_order = 0 where display_order is null;
set constraints all immediate;

alter table item_groups add constraint item_groups_one_default
    exclude (product_id with =) where (is_default and status <> 'Deleted') deferrable;
alter table parameter_groups add constraint parameter_groups_one_default
    exclude (product_id with =) where (is_default and status <> 'Deleted') deferrable;
alter table templates add constraint templates_one_default
    exclude (product_id with =, type with =) where (is_default and status <> 'Deleted') deferrable;

-- What the vendor calls an item, on the same terms, or a parameter is one of them.
create unique index items_called on items
    (product_id, external_ids_vendor, terms_period, coalesce(terms_commitment, '')) where status <> 'Deleted';
create unique index parameters_called on parameters (product_id, external_id) where status <> 'Deleted';

-- Nothing is in a group, or counted in a unit, that is gone: whoever puts something there holds the row shared, so this
-- sees it.
create function entrepot_holds_nothing() returns trigger
    language plpgsql
    as $$
    declare held boolean;
    begin
        execute format('select exists (select from %I where %I = $1 and status <> ''Deleted'')', tg_argv[0], tg_argv[1])
            into held using new.id;
        if held then
            raise exception 'something was put there meanwhile' using errcode = 'serialization_failure';
        end if;
        return new;
    end $$;
create trigger item_groups_empty before update of status on item_groups for each row
    when (new.status = 'Deleted' and old.status <> 'Deleted') execute function entrepot_holds_nothing('items', 'group_id');
create trigger parameter_groups_empty before update of status on parameter_groups for each row
    when (new.status = 'Deleted' and old.status <> 'Deleted')
    execute function entrepot_holds_nothing('parameters', 'group_id');
create trigger units_unused before update of status on units_of_measure for each row
    when (new.status = 'Deleted' and old.status <> 'Deleted') execute function entrepot_holds_nothing('items', 'unit_id');

-- Found and counted: what is in a group or a unit, what there is of a product.
create index items_group on items (group_id);
create index items_unit on items (unit_id);
create index parameters_group on parameters (group_id);
create index item_groups_product on item_groups (product_id);
create index parameter_groups_product on parameter_groups (product_id);
create index products_vendor on products (vendor_id);
create index orders_product on orders (product_id, status);
create index agreements_product on agreements (product_id);
create index subscriptions_product on subscriptions (product_id);
create index requests_product on requests (product_id);
