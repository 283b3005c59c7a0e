<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

use WHMCS\Database\Capsule;

/**
 * Books a payment once: the row that names it and WHMCS's booking are one database transaction.
 *
 * Of two messages with the same transaction id the second waits for the row of the first, and then repeats its answer.
 * WHMCS's own tables may not know transactions (MyISAM), so the id is looked up in WHMCS as well before it books.
 */
final class Booking
{
    /** @return array{int, array<string, mixed>} status and answer */
    public static function book(array $payment): array
    {
        $connection = Capsule::connection();
        $connection->beginTransaction();
        try {
            $answer = self::inTransaction($payment);
        } catch (\Throwable $error) {
            self::rollBack($connection);
            throw $error;
        }
        if ($answer[1]['result'] !== 'success') {
            self::rollBack($connection);
        } elseif ($connection->getPdo()->inTransaction()) {
            // Somebody's hook may have ended it already, by changing a table.
            $connection->commit();
        }
        return $answer;
    }

    private static function inTransaction(array $payment): array
    {
        ksort($payment);
        $fingerprint = hash('sha256', (string) json_encode($payment));
        $key = ['transaction_id' => $payment['transid']];
        $rows = Capsule::table(Store::POSTINGS);
        // Writes first: the second of two waits here, and reads only what the first has finished.
        (clone $rows)->insertOrIgnore($key + ['fingerprint' => $fingerprint, 'booked_at' => 0]);
        $row = (clone $rows)->where($key)->lockForUpdate()->first();
        if ($row->fingerprint !== $fingerprint) {
            return Door::refused(409, 'key_reused', 'This transaction id was used for another payment.');
        }
        $isRepeated = (int) $row->booked_at > 0 || self::isInWhmcs($payment['transid']);
        if (!$isRepeated) {
            $said = localAPI('AddInvoicePayment', $payment);
            if (($said['result'] ?? '') !== 'success') {
                return Door::refused(422, 'refused', substr((string) ($said['message'] ?? ''), 0, 200));
            }
        }
        if ((int) $row->booked_at === 0) {
            (clone $rows)->where($key)->update(['booked_at' => time()]);
        }
        return [200, ['payymo' => 1, 'result' => 'success', 'repeated' => $isRepeated]];
    }

    private static function isInWhmcs(string $transactionId): bool
    {
        $said = localAPI('GetTransactions', ['transid' => $transactionId]);
        if (($said['result'] ?? '') !== 'success') {
            throw new \RuntimeException('GetTransactions was refused');
        }
        $found = is_array($said['transactions'] ?? null) ? $said['transactions']['transaction'] ?? [] : [];
        foreach ($found as $one) {
            if (trim((string) ($one['transid'] ?? '')) === $transactionId) {
                return true;
            }
        }
        return false;
    }

    private static function rollBack($connection): void
    {
        if ($connection->getPdo()->inTransaction()) {
            $connection->rollBack();
        }
    }
}
