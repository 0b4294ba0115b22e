-- What a vendor drafts: products, items, parameters, templates.

select 1;
