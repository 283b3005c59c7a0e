<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/** Where Payymo is and what opens it, as the setup code says. Kept encrypted by WHMCS's own key. */
final class Connection
{
    private const SETTING = 'connection';

    private function __construct(
        public readonly string $url,
        public readonly string $installation,
        public readonly string $key,
        public readonly string $secret
    ) {
    }

    /** Return the connection, or null while none is set up. */
    public static function current(): ?self
    {
        $sealed = Store::get(self::SETTING);
        if ($sealed === '') {
            return null;
        }
        return self::from(json_decode((string) (localAPI('DecryptPassword', ['password2' => $sealed])['password'] ?? ''), true));
    }

    /** Take a setup code; null when it is none, and nothing is changed. */
    public static function take(string $code): ?self
    {
        $code = trim($code);
        if (strncmp($code, 'payymo1.', 8) !== 0) {
            return null;
        }
        $json = (string) base64_decode(strtr(substr($code, 8), '-_', '+/'), true);
        $found = self::from(json_decode($json, true));
        if ($found !== null) {
            $sealed = (string) (localAPI('EncryptPassword', ['password2' => $json])['password'] ?? '');
            if ($sealed === '' || $sealed === $json) {
                return null;
            }
            Store::set(self::SETTING, $sealed);
        }
        return $found;
    }

    /** @param mixed $told */
    private static function from($told): ?self
    {
        foreach (['url', 'installation', 'key', 'secret'] as $name) {
            if (!is_array($told) || !is_string($told[$name] ?? null) || $told[$name] === '') {
                return null;
            }
        }
        return self::isSafe($told['url'])
            ? new self(rtrim($told['url'], '/'), $told['installation'], $told['key'], $told['secret'])
            : null;
    }

    /** Only https leaves the machine; plain http is for a Payymo on this very one. */
    private static function isSafe(string $url): bool
    {
        $parts = parse_url($url);
        $host = (string) ($parts['host'] ?? '');
        $isLocal = $host === '127.0.0.1' || $host === 'localhost' || substr($host, -10) === '.localhost';
        return ($parts['scheme'] ?? '') === 'https' || (($parts['scheme'] ?? '') === 'http' && $isLocal);
    }
}
