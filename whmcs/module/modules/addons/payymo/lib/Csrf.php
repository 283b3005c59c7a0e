<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/** The module's own token, in the admin's session: WHMCS fills its own one, which goes with it, on some pages only. */
final class Csrf
{
    private const NAME = 'payymo_csrf';

    public static function field(): string
    {
        $_SESSION[self::NAME] ??= bin2hex(random_bytes(32));
        $whmcs = function_exists('generate_token') ? (string) generate_token() : '';
        return '<input type="hidden" name="payymo_csrf" value="' . Text::escape($_SESSION[self::NAME]) . '">' . $whmcs;
    }

    public static function isRight(): bool
    {
        $held = $_SESSION[self::NAME] ?? '';
        $given = $_POST[self::NAME] ?? '';
        return is_string($given) && $held !== '' && hash_equals($held, $given);
    }
}
