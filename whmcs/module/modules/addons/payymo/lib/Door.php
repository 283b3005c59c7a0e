<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/**
 * Decides whether a message from Payymo is heard.
 *
 * Every answer carries `payymo`: 1, so that Payymo can tell it from one of the web server. `error` with any code but
 * `broken` says that nothing was booked.
 */
final class Door
{
    public const LARGEST = 16384;
    private const FIELDS = ['invoiceid', 'transid', 'gateway', 'date', 'amount', 'fees', 'noemail'];

    /** @return array{int, array<string, mixed>} status and answer */
    public static function answer(string $method, array $server, string $body, int $now): array
    {
        try {
            return self::hear($method, $server, $body, $now);
        } catch (\Throwable $error) {
            Store::note('booking broke off: ' . get_class($error));
            return self::refused(500, 'broken', 'Whether it was booked is not known.');
        }
    }

    private static function hear(string $method, array $server, string $body, int $now): array
    {
        if ($method !== 'POST' || strlen($body) > self::LARGEST) {
            return self::refused(400, 'unreadable', 'Send one signed message by POST.');
        }
        if (!Store::isInstalled() || Store::get('active') !== '1' || Store::option('no_booking')) {
            return self::refused(409, 'off', 'Payments are not booked through the module.');
        }
        $connection = Connection::current();
        if ($connection === null || !Signer::isRight($connection->secret, $server, $body, $now)) {
            return self::refused(401, 'bad_signature', 'The message is not signed by the paired Payymo, or too old.');
        }
        $told = json_decode($body, true);
        $payment = self::payment($told, $connection);
        if ($payment === null) {
            return self::refused(400, 'unreadable', 'The message names no payment.');
        }
        return Booking::book($payment);
    }

    /** The fields of AddInvoicePayment, each a plain text; null when one that must not be missing is. */
    private static function payment($told, Connection $connection): ?array
    {
        if (!is_array($told) || ($told['action'] ?? '') !== 'book' || ($told['installation'] ?? '') !== $connection->installation) {
            return null;
        }
        $given = is_array($told['payment'] ?? null) ? $told['payment'] : [];
        if (array_diff(array_keys($given), self::FIELDS) !== [] || array_filter($given, 'is_string') !== $given) {
            return null;
        }
        // An empty amount would be taken for the whole balance.
        $isWhole = preg_match('/^[1-9][0-9]{0,15}$/D', $given['invoiceid'] ?? '') === 1
            && preg_match('/^[0-9]{1,14}\.[0-9]{2,4}$/D', $given['amount'] ?? '') === 1
            && (float) $given['amount'] > 0
            && preg_match('/^[A-Za-z0-9._-]{1,64}$/D', $given['transid'] ?? '') === 1
            && ($given['gateway'] ?? '') !== ''
            && preg_match('/^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}$/D', $given['date'] ?? '') === 1;
        return $isWhole ? $given : null;
    }

    /** @return array{int, array<string, mixed>} */
    public static function refused(int $status, string $code, string $message): array
    {
        return [$status, ['payymo' => 1, 'result' => 'error', 'code' => $code, 'message' => $message]];
    }
}
