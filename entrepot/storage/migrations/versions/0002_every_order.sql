-- Orders of every type: subscriptions may be suspended, and an order keeps copies of live ones.

alter table subscriptions drop constraint subscriptions_status_check;
alter table subscriptions add constraint subscriptions_status_check
    check (status in ('Active', 'Updating', 'Resuming', 'Terminating', 'Suspending', 'Terminated', 'Expired', 'Suspended'));

alter table order_subscriptions drop constraint order_subscriptions_status_check;
alter table order_subscriptions add constraint order_subscriptions_status_check
    check (status in ('Draft', 'Active', 'Suspended', 'Deleted', 'Updating', 'Resuming', 'Terminating', 'Suspending',
        'Terminated', 'Expired'));

alter table order_assets drop constraint order_assets_status_check;
alter table order_assets add constraint order_assets_status_check
    check (status in ('Draft', 'Active', 'Terminated'));
