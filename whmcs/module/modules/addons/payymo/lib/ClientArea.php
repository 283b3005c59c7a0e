<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

use WHMCS\Database\Capsule;

/** What a client sees: that a payment is being matched, and the reference for a transfer. Nobody is asked: a few reads by key. */
final class ClientArea
{
    private const INVOICE_MAILS = [
        'Invoice Created', 'Invoice Modified', 'Invoice Payment Reminder',
        'First Invoice Overdue Notice', 'Second Invoice Overdue Notice', 'Third Invoice Overdue Notice',
    ];

    /**
     * For the page of an invoice: `payymo_matching` and `payymo_reference` for themes, and both beneath the payment
     * instructions for themes that know neither.
     */
    public static function invoice(array $vars): array
    {
        $invoiceId = (int) ($vars['invoiceid'] ?? 0);
        if ($invoiceId < 1 || ($vars['status'] ?? '') !== 'Unpaid') {
            return [];
        }
        $isMatching = Guard::holdsInvoice($invoiceId);
        $reference = self::reference($invoiceId);
        $words = Text::ofLanguage((string) ($vars['language'] ?? 'english'));
        $shown = $isMatching ? '<div class="alert alert-info" role="status">' . $words->of('being_matched') . '</div>' : '';
        if ($reference !== '') {
            $shown .= '<p class="payymo-reference">' . $words->of('give_reference') . ' <strong>'
                . Text::escape(Reference::printed($reference)) . '</strong></p>';
        }
        $button = is_string($vars['paymentbutton'] ?? null) ? $vars['paymentbutton'] : '';
        return ['payymo_matching' => $isMatching, 'payymo_reference' => $reference]
            + ($shown === '' ? [] : ['paymentbutton' => $button . $shown]);
    }

    /** The merge field `payymo_reference` for the templates of invoice mails. */
    public static function mail(array $vars): array
    {
        if (!in_array($vars['messagename'] ?? '', self::INVOICE_MAILS, true)) {
            return [];
        }
        $reference = self::reference((int) ($vars['relid'] ?? 0));
        return $reference === '' ? [] : ['payymo_reference' => Reference::printed($reference)];
    }

    /** The reference of an invoice that is to be paid by bank transfer; empty for any other. */
    private static function reference(int $invoiceId): string
    {
        $gateway = Store::get('bank_gateway');
        if (Store::option('no_reference') || $gateway === '') {
            return '';
        }
        $method = (string) Capsule::table('tblinvoices')->where('id', $invoiceId)->value('paymentmethod');
        return $method === $gateway ? Reference::of((int) Store::get('installation_number'), $invoiceId) : '';
    }
}
