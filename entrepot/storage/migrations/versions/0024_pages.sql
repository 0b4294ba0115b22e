-- What long lists of offers need.

-- The items of a product, and what they cost on a price list, in the order in which they are listed: a page reads no
-- more than its rows.
create index items_listed on items (product_id, audit_created_at, id);
drop index items_product;
create index price_list_items_listed on price_list_items (price_list_id, audit_created_at, id);
