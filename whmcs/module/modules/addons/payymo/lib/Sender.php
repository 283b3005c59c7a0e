<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/** Sends the queue from the cron job, signed, a hundred events a message, for some seconds at most. */
final class Sender
{
    private const A_MESSAGE = 100;
    private const MOST_SECONDS = 20;
    private const LONGEST_PAUSE = 3600;

    /** Send until the queue is empty, the time is up or Payymo does not answer; wait longer after each failure. */
    public function run(?int $now = null): int
    {
        $now ??= time();
        $connection = Connection::current();
        if ($connection === null || $now < (int) Store::get('next_try')) {
            return 0;
        }
        $sent = 0;
        $end = microtime(true) + self::MOST_SECONDS;
        while (microtime(true) < $end && ($rows = Queue::oldest(self::A_MESSAGE)) !== []) {
            $status = $this->send($connection, $rows, $now);
            if ($status !== 200) {
                $this->wait($now, $status);
                return $sent;
            }
            Queue::drop($rows);
            $sent += count($rows);
        }
        Store::set('failures', '0');
        Store::set('next_try', '0');
        return $sent;
    }

    /** @param list<object> $rows */
    private function send(Connection $connection, array $rows, int $now): int
    {
        $body = (string) json_encode(['events' => array_map(static fn (object $row): array => [
            'id' => $row->event_id,
            'type' => $row->kind,
            'at' => (int) $row->happened_at,
            'data' => (object) json_decode($row->data, true),
        ], $rows)]);
        // The same events carry the same id, however often they are sent.
        $id = hash('sha256', implode(' ', array_map(static fn (object $row): string => $row->event_id, $rows)));
        $headers = Signer::headers($connection->secret, $id, $body, $now);
        return Http::post($connection->url . '/api/v1/webhooks/whmcs/' . $connection->installation . '/', $body, $headers);
    }

    private function wait(int $now, int $status): void
    {
        $failures = (int) Store::get('failures') + 1;
        Store::set('failures', (string) $failures);
        Store::set('next_try', (string) ($now + min(self::LONGEST_PAUSE, 60 * 2 ** min($failures - 1, 6))));
        Store::note($status === 0 ? 'Payymo could not be reached' : "Payymo answered with status $status");
    }
}
