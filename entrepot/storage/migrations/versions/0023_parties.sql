-- Sellers' and buyers' ties to the ERP; whose the groups, parameters and texts of a product are.

alter table item_groups add column vendor_id text collate "C";
update item_groups t set vendor_id = p.vendor_id from products p where p.id = t.product_id;
alter table item_groups add constraint item_groups_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;

alter table parameter_groups add column vendor_id text collate "C";
update parameter_groups t set vendor_id = p.vendor_id from products p where p.id = t.product_id;
alter table parameter_groups add constraint parameter_groups_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;

alter table parameters add column vendor_id text collate "C";
update parameters t set vendor_id = p.vendor_id from products p where p.id = t.product_id;
alter table parameters add constraint parameters_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;

alter table templates add column vendor_id text collate "C";
update templates t set vendor_id = p.vendor_id from products p where p.id = t.product_id;
alter table templates add constraint templates_vendor_id_fkey foreign key (vendor_id) references accounts (id) deferrable;

-- Of whom the ERP knows a buyer by the same number.
create index buyers_erp_customer on buyers (external_ids_erp_customer) where external_ids_erp_customer is not null;
