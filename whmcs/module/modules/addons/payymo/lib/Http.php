<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/** The one way out: connect 3 s, whole call 10 s, no redirects, certificates checked, answers cut at 1 MiB. */
final class Http
{
    /** Return the status, or 0 when nobody answered. @param list<string> $headers */
    public static function post(string $url, string $body, array $headers): int
    {
        $read = 0;
        $handle = curl_init($url);
        curl_setopt_array($handle, [
            CURLOPT_POST => true,
            CURLOPT_POSTFIELDS => $body,
            CURLOPT_HTTPHEADER => array_merge(['Content-Type: application/json', 'Expect:'], $headers),
            CURLOPT_CONNECTTIMEOUT => 3,
            CURLOPT_TIMEOUT => 10,
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
            CURLOPT_WRITEFUNCTION => static function ($handle, string $part) use (&$read): int {
                $read += strlen($part);
                return $read > 1048576 ? 0 : strlen($part);
            },
        ]);
        $done = curl_exec($handle);
        $status = $done === false ? 0 : (int) curl_getinfo($handle, CURLINFO_RESPONSE_CODE);
        curl_close($handle);
        return $status;
    }
}
