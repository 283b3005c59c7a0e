<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/** What is told of each hook: numbers and a transaction id, by a fixed list. Hooks carry passwords; none passes here. */
final class Events
{
    /** @return list<array<string, int|string>> */
    public static function of(string $hook, array $vars): array
    {
        switch ($hook) {
            case 'AddTransaction':
                // The second spelling is WHMCS's own.
                return [array_filter([
                    'invoice_id' => self::number($vars, 'invoiceid') ?: self::number($vars, 'invocieid'),
                    'client_id' => self::number($vars, 'userid'),
                    'transaction_id' => is_scalar($vars['transid'] ?? null) ? substr((string) $vars['transid'], 0, 255) : '',
                ])];
            case 'AfterShoppingCartCheckout':
                $order = $vars['OrderNumber'] ?? '';
                $invoiceId = self::number($vars, 'InvoiceID');
                return $invoiceId && is_scalar($order) && preg_match('/^[0-9]{1,40}$/', (string) $order) === 1
                    ? [['invoice_id' => $invoiceId, 'order_number' => (string) $order]]
                    : [];
            case 'InvoiceSplit':
                return self::each('invoice_id', [self::number($vars, 'originalinvoiceid'), self::number($vars, 'newinvoiceid')]);
            case 'AfterClientMerge':
                return self::each('client_id', [self::number($vars, 'toUserID'), self::number($vars, 'fromUserID')]);
            case 'ClientAdd':
                return self::each('client_id', [self::number($vars, 'client_id') ?: self::number($vars, 'userid')]);
            case 'ClientEdit':
            case 'ClientClose':
            case 'PreDeleteClient':
                return self::each('client_id', [self::number($vars, 'userid')]);
            default:
                return self::each('invoice_id', [self::number($vars, 'invoiceid')]);
        }
    }

    /** @param list<int> $numbers */
    private static function each(string $name, array $numbers): array
    {
        return array_map(static fn (int $one): array => [$name => $one], array_values(array_filter($numbers)));
    }

    private static function number(array $vars, string $name): int
    {
        return is_numeric($vars[$name] ?? null) ? max(0, (int) $vars[$name]) : 0;
    }
}
