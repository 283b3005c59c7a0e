<?php

/** Take the setup code of the environment, fire what a paid invoice fires, run the cron job, and print what is left. */

require __DIR__ . '/harness.php';

use WHMCS\Module\Addon\Payymo\Connection;
use WHMCS\Module\Addon\Payymo\Queue;
use WHMCS\Module\Addon\Payymo\Store;

payymo_activate();
if (Connection::take((string) getenv('PAYYMO_TEST_CODE')) === null) {
    exit(1);
}
fire('AddTransaction', ['userid' => 7, 'invoiceid' => 501, 'transid' => 'typed by hand', 'password' => 'hunter2']);
fire('InvoicePaid', ['invoiceid' => 501]);
fire('AfterCronJob');
echo json_encode(['waiting' => Queue::size(), 'log' => array_column(Store::log(), 'text')]);
