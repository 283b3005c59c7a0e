<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/** With each run of the cron job: tell Payymo how the module is, and keep what the first page shows. */
final class Beat
{
    public static function run(): void
    {
        $connection = Connection::current();
        if ($connection === null) {
            return;
        }
        $payymo = new Payymo($connection);
        $said = $payymo->tell([
            'version' => Store::VERSION,
            'php_version' => substr(PHP_VERSION, 0, 20),
            'queued_events' => Queue::size(),
            'books_payments' => Store::get('active') === '1' && !Store::option('no_booking'),
        ]);
        if (!$said->isOk()) {
            Store::note("payymo: $said->problem $said->detail");
            return;
        }
        $payymo->read('summary/', true);
    }
}
