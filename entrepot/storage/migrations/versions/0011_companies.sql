-- ERP links, cloud tenants, and what else belongs to accounts as companies.

select 1;
