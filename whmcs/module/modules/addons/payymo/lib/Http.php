<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/** The one way out: connect 3 s, whole call 10 s unless told less, no redirects, certificates checked, answers cut at 1 MiB. */
final class Http
{
    /** Return the status, or 0 when nobody answered. @param list<string> $headers */
    public static function post(string $url, string $body, array $headers): int
    {
        return self::send('POST', $url, $body, $headers)[0];
    }

    /**
     * Return the status, or 0 when nobody answered, and the answer.
     *
     * @param list<string> $headers
     * @return array{int, string}
     */
    public static function send(string $method, string $url, ?string $body, array $headers, int $seconds = 10): array
    {
        $read = '';
        $handle = curl_init($url);
        $sent = $body === null ? [] : [CURLOPT_POSTFIELDS => $body];
        curl_setopt_array($handle, $sent + [
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_HTTPHEADER => array_merge(['Content-Type: application/json', 'Accept: application/json', 'Expect:'], $headers),
            CURLOPT_CONNECTTIMEOUT => min(3, $seconds),
            CURLOPT_TIMEOUT => $seconds,
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
            CURLOPT_WRITEFUNCTION => static function ($handle, string $part) use (&$read): int {
                $read .= $part;
                return strlen($read) > 1048576 ? 0 : strlen($part);
            },
        ]);
        $done = curl_exec($handle);
        $status = $done === false ? 0 : (int) curl_getinfo($handle, CURLINFO_RESPONSE_CODE);
        curl_close($handle);
        return [$status, $read];
    }
}
