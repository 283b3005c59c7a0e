<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/** Standard Webhooks signatures: HMAC-SHA-256 over id, time and the raw body. */
final class Signer
{
    /** @return list<string> */
    public static function headers(string $secret, string $id, string $body, int $now): array
    {
        $key = (string) base64_decode(substr($secret, strlen('whsec_')), true);
        $signature = base64_encode(hash_hmac('sha256', "$id.$now.$body", $key, true));
        return ["webhook-id: $id", "webhook-timestamp: $now", "webhook-signature: v1,$signature"];
    }
}
