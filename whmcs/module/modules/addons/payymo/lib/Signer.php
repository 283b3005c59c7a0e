<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/** Standard Webhooks signatures: HMAC-SHA-256 over id, time and the raw body. */
final class Signer
{
    private const TOLERANCE = 300;

    /** @return list<string> */
    public static function headers(string $secret, string $id, string $body, int $now): array
    {
        return ["webhook-id: $id", "webhook-timestamp: $now", 'webhook-signature: ' . self::of($secret, $id, (string) $now, $body)];
    }

    /** Whether the secret signed this message within five minutes of now. @param array<string, mixed> $server as `$_SERVER` */
    public static function isRight(string $secret, array $server, string $body, int $now): bool
    {
        [$id, $stamp, $given] = array_map(
            static fn (string $name): string => is_string($server[$name] ?? null) ? $server[$name] : '',
            ['HTTP_WEBHOOK_ID', 'HTTP_WEBHOOK_TIMESTAMP', 'HTTP_WEBHOOK_SIGNATURE']
        );
        $isReadable = preg_match('/^[A-Za-z0-9_.-]{1,64}$/D', $id) === 1 && preg_match('/^[0-9]{1,12}$/D', $stamp) === 1;
        return hash_equals(self::of($secret, $id, $stamp, $body), $given)
            && $isReadable && abs($now - (int) $stamp) <= self::TOLERANCE;
    }

    private static function of(string $secret, string $id, string $stamp, string $body): string
    {
        $key = (string) base64_decode(substr($secret, strlen('whsec_')), true);
        return 'v1,' . base64_encode(hash_hmac('sha256', "$id.$stamp.$body", $key, true));
    }
}
