<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/** The administrator who is signed in to WHMCS, and what their role allows. Without WHMCS's own check nothing is allowed. */
final class Admin
{
    public static function id(): int
    {
        return (int) ($_SESSION['adminid'] ?? 0);
    }

    /** Whether payments may be shown. */
    public static function sees(): bool
    {
        return self::may('List Transactions');
    }

    /** Whether payments may be approved and rejected: what WHMCS asks for adding a payment to an invoice. */
    public static function decides(): bool
    {
        return self::sees() && self::may('Manage Invoice');
    }

    /** Whether Payymo may be connected: who is paired books payments. */
    public static function configures(): bool
    {
        return self::may('Configure General Settings');
    }

    private static function may(string $permission): bool
    {
        return self::id() > 0 && function_exists('checkPermission') && checkPermission($permission, true) === true;
    }
}
