<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/** Texts in the admin's language, and the one place that escapes. */
final class Text
{
    private function __construct(private array $words)
    {
    }

    public static function from(array $words): self
    {
        return new self($words);
    }

    public function of(string $name): string
    {
        return self::escape((string) ($this->words[$name] ?? $name));
    }

    /** WHMCS stores some text already encoded; it is not encoded twice. */
    public static function escape(string $text): string
    {
        return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8', false);
    }
}
