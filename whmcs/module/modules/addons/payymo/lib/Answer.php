<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/** What Payymo said, or why it said nothing: `problem` names a text of the language files, empty when all is well. */
final class Answer
{
    private const OUTAGES = ['unreachable', 'payymo_broken'];

    private function __construct(
        public readonly array $data,
        public readonly string $problem,
        public readonly string $detail,
        public readonly int $askedAt
    ) {
    }

    public static function of(int $status, string $body, int $now): self
    {
        $data = json_decode($body, true);
        $data = is_array($data) ? $data : [];
        $detail = is_string($data['detail'] ?? null) ? $data['detail'] : '';
        switch (true) {
            case $status >= 200 && $status < 300 && $data !== []:
                return new self($data, '', '', $now);
            case $status === 0:
                return self::failed('unreachable', $now);
            case $status === 401 || $status === 403:
                return self::failed('key_ended', $now);
            case $status === 404:
                return self::failed('unknown_in_payymo', $now);
            case $status === 409 || $status === 422 || $status === 400:
                return self::failed('refused', $now, $detail);
            default:
                return self::failed('payymo_broken', $now);
        }
    }

    public static function kept(array $data, int $askedAt): self
    {
        return new self($data, '', '', $askedAt);
    }

    public static function failed(string $problem, int $now, string $detail = ''): self
    {
        return new self([], $problem, $detail, $now);
    }

    /** The same, and why there is no newer one. */
    public function behind(string $problem): self
    {
        return new self($this->data, $problem, '', $this->askedAt);
    }

    public function isOk(): bool
    {
        return $this->problem === '';
    }

    public function isOutage(): bool
    {
        return in_array($this->problem, self::OUTAGES, true);
    }
}
