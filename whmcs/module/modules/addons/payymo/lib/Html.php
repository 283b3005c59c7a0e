<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/** Pieces of WHMCS's own look (Bootstrap 3). What is handed in as `$html` is escaped already. */
final class Html
{
    private const TONES = ['ok' => 'success', 'info' => 'info', 'warn' => 'warning', 'bad' => 'danger'];

    public static function alert(string $tone, string $html): string
    {
        return "<div class=\"alert alert-$tone\" role=\"status\">$html</div>";
    }

    public static function label(string $tone, string $text): string
    {
        return '<span class="label label-' . (self::TONES[$tone] ?? 'default') . '">' . Text::escape($text) . '</span>';
    }

    /** A link to Payymo, in a new window; nothing for an address that is none. */
    public static function link(string $url, string $html, string $class = 'btn btn-default btn-sm'): string
    {
        if (preg_match('#^https?://#', $url) !== 1) {
            return '';
        }
        return '<a class="' . $class . '" href="' . Text::escape($url) . '" target="_blank" rel="noopener">' . $html . '</a>';
    }

    public static function money(array $row): string
    {
        return '<span style="white-space:nowrap">' . Text::escape(self::text($row, 'amount') . ' ' . self::text($row, 'currency')) . '</span>';
    }

    public static function text(array $row, string $name): string
    {
        return is_scalar($row[$name] ?? null) ? (string) $row[$name] : '';
    }

    /** @return list<array<string, mixed>> */
    public static function rows(array $row, string $name): array
    {
        return is_array($row[$name] ?? null) ? array_values(array_filter($row[$name], 'is_array')) : [];
    }
}
