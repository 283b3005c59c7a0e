<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/**
 * Asks Payymo, and remembers what it said.
 *
 * After a call that failed nobody is asked for half a minute: what was kept is shown at once, with its age.
 */
final class Payymo
{
    private const PAUSE = 30;
    private const FRESH = 60;
    private const SECONDS = 5;

    public function __construct(private Connection $connection, private string $language = 'en')
    {
    }

    /** The answer to a reading: from Payymo, or the one kept. $fresh asks in any case. */
    public function read(string $path, bool $fresh = false, ?int $now = null): Answer
    {
        $now ??= time();
        $name = $this->language . ' ' . $path;
        $kept = Kept::find($name);
        if (!$fresh && $kept !== null && $kept->askedAt > $now - self::FRESH) {
            return $kept;
        }
        $said = $this->call('GET', $path, null, [], $now);
        if ($said->isOk()) {
            Kept::keep($name, $said);
        }
        return $said->isOk() || $kept === null || !$said->isOutage() ? $said : $kept->behind($said->problem);
    }

    /** Tell how the module is, and take what Payymo says of this WHMCS. */
    public function tell(array $state, ?int $now = null): Answer
    {
        $now ??= time();
        $said = $this->call('PUT', 'config/', $state, [], $now);
        if ($said->isOk()) {
            Kept::keep($this->language . ' config/', $said);
        }
        return $said;
    }

    /** Decide; the same key decides once, however often it is sent. */
    public function decide(string $proposal, string $act, array $body, string $key, ?int $now = null): Answer
    {
        Kept::forget();
        return $this->call('POST', "proposals/$proposal/$act/", $body, ["Idempotency-Key: $key"], $now ?? time());
    }

    private function call(string $method, string $path, ?array $body, array $headers, int $now): Answer
    {
        if ($now < (int) Store::get('payymo_down_until')) {
            return Answer::failed('unreachable', $now);
        }
        $headers[] = 'Authorization: Api-Key ' . $this->connection->key;
        $headers[] = 'Accept-Language: ' . $this->language;
        $sent = $body === null ? null : (string) json_encode($body);
        $url = $this->connection->url . '/api/v1/whmcs/module/' . $path;
        [$status, $read] = Http::send($method, $url, $sent, $headers, self::SECONDS);
        $answer = Answer::of($status, $read, $now);
        if ($answer->isOutage()) {
            Store::set('payymo_down_until', (string) ($now + self::PAUSE));
        }
        return $answer;
    }
}
