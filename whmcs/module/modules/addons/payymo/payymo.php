<?php

/** Payymo for WHMCS: settings, tables, and the admin page. */

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

use WHMCS\Module\Addon\Payymo\Ajax;
use WHMCS\Module\Addon\Payymo\Page;
use WHMCS\Module\Addon\Payymo\Store;
use WHMCS\Module\Addon\Payymo\Text;

function payymo_config(): array
{
    return [
        'name' => 'Payymo',
        'description' => 'Finds out which invoice each bank transfer and card payment settles.',
        'version' => Store::VERSION,
        'author' => 'Payymo',
        'language' => 'english',
        'fields' => [
            'forget' => [
                'FriendlyName' => 'Delete data on deactivation',
                'Type' => 'yesno',
                'Description' => 'Drop Payymo\'s own tables, the connection included, when the module is deactivated.',
            ],
            'no_booking' => [
                'FriendlyName' => 'Do not book here',
                'Type' => 'yesno',
                'Description' => 'Let Payymo book payments over the API of WHMCS instead of through this module.',
            ],
            'no_guard' => [
                'FriendlyName' => 'Hold nothing',
                'Type' => 'yesno',
                'Description' => 'Let overdue notices, suspension and termination go on while a likely payment waits in Payymo.',
            ],
            'no_reference' => [
                'FriendlyName' => 'Show no payment reference',
                'Type' => 'yesno',
                'Description' => 'Leave out the reference with check digits that invoices paid by bank transfer show.',
            ],
        ],
    ];
}

function payymo_activate(): array
{
    try {
        Store::install();
        Store::set('active', '1');
    } catch (\Throwable $error) {
        return ['status' => 'error', 'description' => 'Payymo could not create its tables: ' . $error->getMessage()];
    }
    return ['status' => 'success', 'description' => 'Open Addons > Payymo and paste the setup code.'];
}

function payymo_deactivate(): array
{
    Store::set('active', '0');
    if (Store::option('forget')) {
        Store::remove();
        return ['status' => 'success', 'description' => 'Payymo\'s tables were removed.'];
    }
    return ['status' => 'success', 'description' => 'Payymo\'s tables were kept. Activate it again to go on.'];
}

function payymo_upgrade($vars): void
{
    Store::install();
    Store::set('active', '1');
}

function payymo_output($vars): void
{
    $text = Text::from((array) ($vars['_lang'] ?? []));
    if (Ajax::isWanted()) {
        Ajax::send((new Ajax($text))->answer());
    }
    echo (new Page($text, (string) $vars['modulelink']))->render();
}
