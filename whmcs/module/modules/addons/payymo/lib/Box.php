<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/** An empty box on a page of WHMCS that fetches its content after the page was shown: no page waits for Payymo. */
final class Box
{
    /** The box, or nothing while no Payymo is connected or the administrator may not see payments. */
    public static function html(string $what, int $id = 0): string
    {
        try {
            if (!Admin::sees() || Store::get('connection') === '') {
                return '';
            }
            return '<div class="payymo-box" data-payymo="' . Text::escape(self::url($what, $id)) . '">'
                . '<p class="text-muted">Payymo&hellip;</p></div>' . self::script();
        } catch (\Throwable $error) {
            Store::note('panel failed: ' . get_class($error));
            return '';
        }
    }

    /** Where the module's pages are: the folder of the admin area may have another name. */
    public static function url(string $what, int $id = 0): string
    {
        $helper = 'WHMCS\Utility\Environment\WebHelper';
        $base = method_exists($helper, 'getAdminBaseUrl') ? rtrim((string) $helper::getAdminBaseUrl(), '/') . '/' : '';
        return $base . 'addonmodules.php?module=payymo&payymo=' . $what . ($id > 0 ? "&id=$id" : '');
    }

    private static function script(): string
    {
        return '<script>' . file_get_contents(__DIR__ . '/../box.js') . '</script>';
    }
}
