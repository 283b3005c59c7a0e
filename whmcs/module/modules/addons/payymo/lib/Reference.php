<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/** The reference that a client gives with a bank transfer: ISO 11649, with check digits, minted without asking anybody. */
final class Reference
{
    private const LARGEST_ID = 999999999999;

    /** Return the reference of an invoice; empty while the number of the installation is not known. */
    public static function of(int $installation, int $invoiceId): string
    {
        if ($installation < 1 || $installation > 999999 || $invoiceId < 1 || $invoiceId > self::LARGEST_ID) {
            return '';
        }
        $body = "PM{$installation}X{$invoiceId}";
        return sprintf('RF%02d%s', 98 - self::remainder($body . 'RF00'), $body);
    }

    /** In groups of four, as banks print it. */
    public static function printed(string $reference): string
    {
        return trim(chunk_split($reference, 4, ' '));
    }

    private static function remainder(string $text): int
    {
        $rest = 0;
        foreach (str_split($text) as $sign) {
            $value = (int) base_convert($sign, 36, 10);
            $rest = ($rest * ($value > 9 ? 100 : 10) + $value) % 97;
        }
        return $rest;
    }
}
