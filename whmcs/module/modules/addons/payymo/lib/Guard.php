<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

use WHMCS\Database\Capsule;

/**
 * Holds overdue mails, suspension, termination and cancellation while a likely payment waits in Payymo.
 *
 * What is held comes from Payymo with each cron run and is kept here, each with its end: when Payymo is down nothing new
 * is held and nothing is held longer. Nothing of WHMCS is changed, so a hold that ends leaves no trace to undo.
 */
final class Guard
{
    private const OVERDUE = ['First Invoice Overdue Notice', 'Second Invoice Overdue Notice', 'Third Invoice Overdue Notice'];
    private const UNPAID = ['Unpaid', 'Payment Pending', 'Collections'];
    private const A_PIECE = 200;
    private const MOST = 5000;

    /** Ask Payymo whom to hold; an answer replaces what was held, and no answer leaves it until its end. */
    public static function refresh(?int $now = null): bool
    {
        $now ??= time();
        $connection = Connection::current();
        if ($connection === null) {
            return false;
        }
        $headers = ['Authorization: Api-Key ' . $connection->key];
        [$status, $body] = Http::send('GET', $connection->url . '/api/v1/whmcs/module/guard/', null, $headers);
        $told = $status === 200 ? json_decode($body, true) : null;
        if (!is_array($told) || !is_array($told['holds'] ?? null)) {
            Store::note($status === 0 ? 'guard: Payymo could not be reached' : "guard: Payymo answered with status $status");
            return false;
        }
        self::take($told, $now);
        return true;
    }

    /** Return why a client's mails and services are held now: `review`, `posting`, `stale`, or nothing. */
    public static function reason(int $clientId, ?int $now = null): string
    {
        $now ??= time();
        if ($clientId < 1 || self::isOff()) {
            return '';
        }
        $held = Capsule::table(Store::HOLDS)->where('client_id', $clientId)->where('until_at', '>', $now)->orderByDesc('until_at')->first();
        if ($held !== null) {
            return (string) $held->reason;
        }
        return (int) Store::get('stale_until') > $now && self::owesByTransfer($clientId) ? 'stale' : '';
    }

    /** Whether a payment that seems to be for this invoice waits. */
    public static function holdsInvoice(int $invoiceId, ?int $now = null): bool
    {
        return Capsule::table(Store::HOLDS)->where('invoice_id', $invoiceId)->where('until_at', '>', $now ?? time())->exists();
    }

    /** Before a service is suspended or terminated. What an administrator does by hand is not held. */
    public static function beforeModule(string $what, array $vars): array
    {
        $params = is_array($vars['params'] ?? null) ? $vars['params'] : [];
        $clientId = (int) ($params['userid'] ?? $params['clientsdetails']['userid'] ?? 0);
        $service = (int) ($params['serviceid'] ?? 0);
        return self::holds($clientId, "$what of service $service") ? ['abortcmd' => true] : [];
    }

    /** Before an unpaid invoice is cancelled by itself. */
    public static function beforeCancellation(array $vars): array
    {
        $invoiceId = (int) ($vars['invoiceid'] ?? 0);
        return self::holds(self::clientOf($invoiceId), "cancellation of invoice $invoiceId") ? ['abortCancel' => true] : [];
    }

    /** Before a mail is sent: overdue notices of a client who is held are not. */
    public static function beforeMail(array $vars): array
    {
        if (!in_array($vars['messagename'] ?? '', self::OVERDUE, true)) {
            return [];
        }
        $invoiceId = (int) ($vars['relid'] ?? 0);
        return self::holds(self::clientOf($invoiceId), "overdue notice of invoice $invoiceId") ? ['abortsend' => true] : [];
    }

    /** What an administrator sees on the client's summary; empty when nothing is held. */
    public static function notice(int $clientId): string
    {
        $reason = self::reason($clientId);
        if ($reason === '') {
            return '';
        }
        $until = (int) Capsule::table(Store::HOLDS)->where('client_id', $clientId)->max('until_at');
        $end = gmdate('Y-m-d H:i', $reason === 'stale' ? (int) Store::get('stale_until') : $until) . ' UTC';
        $words = Text::ofLanguage((string) ($_SESSION['adminlang'] ?? 'english'));
        return '<div class="alert alert-info"><strong>Payymo:</strong> ' . $words->of('held_' . $reason) . ' '
            . $words->of('held_until') . ' ' . Text::escape($end) . '.</div>';
    }

    private static function holds(int $clientId, string $what): bool
    {
        // A person who acts now knows more than a list.
        if (!empty($_SESSION['adminid'])) {
            return false;
        }
        $reason = self::reason($clientId);
        if ($reason === '') {
            return false;
        }
        self::tell("Payymo held the $what: " . self::inWords($reason), $clientId);
        return true;
    }

    private static function take(array $told, int $now): void
    {
        $rows = [];
        foreach (array_slice($told['holds'], 0, self::MOST) as $hold) {
            $invoiceId = (int) ($hold['invoice_id'] ?? 0);
            $until = (int) ($hold['until'] ?? 0);
            if ($invoiceId > 0 && (int) ($hold['client_id'] ?? 0) > 0 && $until > $now) {
                $rows[$invoiceId] = [
                    'invoice_id' => $invoiceId,
                    'client_id' => (int) $hold['client_id'],
                    'reason' => ($hold['reason'] ?? '') === 'posting' ? 'posting' : 'review',
                    'until_at' => $until,
                ];
            }
        }
        $before = Capsule::table(Store::HOLDS)->distinct()->pluck('client_id')->all();
        Capsule::connection()->transaction(static function () use ($rows): void {
            Capsule::table(Store::HOLDS)->delete();
            foreach (array_chunk(array_values($rows), self::A_PIECE) as $piece) {
                Capsule::table(Store::HOLDS)->insert($piece);
            }
        });
        foreach (['stale_until', 'installation_number', 'bank_gateway'] as $name) {
            Store::set($name, (string) (is_scalar($told[$name] ?? null) ? $told[$name] : ''));
        }
        Store::set('guard_read_at', (string) $now);
        self::tellChanges(array_map('intval', $before), array_column($rows, 'client_id'));
    }

    /** Each hold begins and ends with a line in WHMCS's activity log, under its client. */
    private static function tellChanges(array $before, array $after): void
    {
        if (self::isOff()) {
            return;
        }
        foreach (array_unique(array_diff($after, $before)) as $clientId) {
            self::tell('Payymo holds overdue notices, suspension and termination: a likely payment waits.', $clientId);
        }
        foreach (array_unique(array_diff($before, $after)) as $clientId) {
            self::tell('Payymo no longer holds overdue notices, suspension and termination.', $clientId);
        }
    }

    private static function tell(string $text, int $clientId): void
    {
        logActivity($text, $clientId);
        Store::note("client $clientId: $text");
    }

    private static function inWords(string $reason): string
    {
        return [
            'posting' => 'a payment is approved and not booked yet',
            'stale' => 'the bank feed is late',
        ][$reason] ?? 'a likely payment waits for review';
    }

    private static function isOff(): bool
    {
        return Store::option('no_guard');
    }

    private static function clientOf(int $invoiceId): int
    {
        return (int) Capsule::table('tblinvoices')->where('id', $invoiceId)->value('userid');
    }

    private static function owesByTransfer(int $clientId): bool
    {
        return Capsule::table('tblinvoices')->where('userid', $clientId)->whereIn('status', self::UNPAID)
            ->where('paymentmethod', Store::get('bank_gateway'))->exists();
    }
}
