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

    /** Read a language file, for pages to which WHMCS hands no texts of ours; English where there is none. */
    public static function ofLanguage(string $language): self
    {
        $file = __DIR__ . '/../lang/' . $language . '.php';
        $_ADDONLANG = [];
        include preg_match('/^[a-z]{2,20}$/', $language) === 1 && is_file($file) ? $file : __DIR__ . '/../lang/english.php';
        return new self($_ADDONLANG);
    }

    /** A text for a page. */
    public function of(string $name): string
    {
        return self::escape($this->plain($name));
    }

    /** The same for anything but a page. */
    public function plain(string $name): string
    {
        return (string) ($this->words[$name] ?? $name);
    }

    /** WHMCS stores some text already encoded; it is not encoded twice. */
    public static function escape(string $text): string
    {
        return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8', false);
    }
}
