<?php

/** Take the setup code, let the cron job run, and print what WHMCS would do with client 7 and invoice 501. */

require __DIR__ . '/harness.php';

use WHMCS\Database\Capsule;
use WHMCS\Module\Addon\Payymo\Connection;
use WHMCS\Module\Addon\Payymo\Store;

payymo_activate();
if (Connection::take((string) getenv('PAYYMO_TEST_CODE')) === null) {
    exit(1);
}
Capsule::table('tblinvoices')->updateOrInsert(['id' => 501], ['userid' => 7, 'status' => 'Unpaid', 'paymentmethod' => 'banktransfer']);
fire('PreCronJob');
$page = ask('ClientAreaPageViewInvoice', ['invoiceid' => 501, 'status' => 'Unpaid', 'paymentbutton' => 'Our bank']);
echo json_encode([
    'suspension' => ask('PreModuleSuspend', ['params' => ['userid' => 7, 'serviceid' => 3]]),
    'matching' => $page['payymo_matching'],
    'reference' => $page['payymo_reference'],
    'held' => Capsule::table(Store::HOLDS)->get()->map(static fn ($row) => [(int) $row->client_id, $row->reason])->all(),
]);
