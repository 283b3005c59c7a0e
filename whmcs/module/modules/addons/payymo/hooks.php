<?php

/** What Payymo listens to. Loaded on every page: nothing but closures is made here. */

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

use WHMCS\Module\Addon\Payymo\Beat;
use WHMCS\Module\Addon\Payymo\Box;
use WHMCS\Module\Addon\Payymo\ClientArea;
use WHMCS\Module\Addon\Payymo\Events;
use WHMCS\Module\Addon\Payymo\Guard;
use WHMCS\Module\Addon\Payymo\Queue;
use WHMCS\Module\Addon\Payymo\Sender;
use WHMCS\Module\Addon\Payymo\Store;

foreach (
    [
        'InvoiceCreated', 'UpdateInvoiceTotal', 'AddInvoicePayment', 'AddTransaction', 'InvoicePaid', 'InvoiceUnpaid',
        'InvoiceCancelled', 'InvoiceRefunded', 'InvoiceChangeGateway', 'AddInvoiceLateFee', 'InvoiceSplit',
        'ClientAdd', 'ClientEdit', 'ClientClose', 'PreDeleteClient', 'AfterClientMerge', 'AfterShoppingCartCheckout',
    ] as $payymoHook
) {
    add_hook($payymoHook, 100, static function ($vars = []) use ($payymoHook): void {
        try {
            foreach (Events::of($payymoHook, (array) $vars) as $data) {
                Queue::put($payymoHook, $data);
            }
        } catch (\Throwable $error) {
            // Checkout, cron or an API call is waiting behind this line; a lost hint is found by Payymo's next sweep.
            Store::note('event not queued: ' . get_class($error));
        }
    });
}
unset($payymoHook);

add_hook('AfterCronJob', 100, static function (): void {
    try {
        (new Sender())->run();
    } catch (\Throwable $error) {
        Store::note('sending failed: ' . get_class($error));
    }
});

add_hook('AfterCronJob', 120, static function (): void {
    try {
        Beat::run();
    } catch (\Throwable $error) {
        Store::note('state not told: ' . get_class($error));
    }
});

add_hook('AdminInvoicesControlsOutput', 100, static fn ($vars = []): string => Box::html('invoice', (int) ($vars['invoiceid'] ?? 0)));
add_hook('AdminAreaClientSummaryPage', 120, static fn ($vars = []): string => Box::html('client', (int) ($vars['userid'] ?? 0)));
add_hook('AdminHomeWidgets', 100, static function () {
    require_once __DIR__ . '/widget.php';
    return new PayymoHomeWidget();
});
// Before the daily run suspends anybody, and after each run for what clients see meanwhile.
foreach (['PreCronJob', 'AfterCronJob'] as $payymoHook) {
    add_hook($payymoHook, 110, static function (): void {
        try {
            Guard::refresh();
        } catch (\Throwable $error) {
            Store::note('guard not read: ' . get_class($error));
        }
    });
}

foreach (
    [
        'PreModuleSuspend' => static fn (array $vars): array => Guard::beforeModule('suspension', $vars),
        'PreModuleTerminate' => static fn (array $vars): array => Guard::beforeModule('termination', $vars),
        'PreInvoiceAutomaticCancellation' => static fn (array $vars): array => Guard::beforeCancellation($vars),
        'EmailPreSend' => static fn (array $vars): array => Guard::beforeMail($vars) + ClientArea::mail($vars),
        'ClientAreaPageViewInvoice' => static fn (array $vars): array => ClientArea::invoice($vars),
    ] as $payymoHook => $payymoCall
) {
    add_hook($payymoHook, 100, static function ($vars = []) use ($payymoCall): array {
        try {
            return $payymoCall((array) $vars);
        } catch (\Throwable $error) {
            // Without an answer WHMCS goes on as if the module were not there.
            Store::note('guard failed: ' . get_class($error));
            return [];
        }
    });
}
unset($payymoHook, $payymoCall);

add_hook('AdminAreaClientSummaryPage', 100, static function ($vars = []): string {
    try {
        return Guard::notice((int) ($vars['userid'] ?? 0));
    } catch (\Throwable $error) {
        Store::note('guard failed: ' . get_class($error));
        return '';
    }
});
