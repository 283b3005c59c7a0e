<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

use WHMCS\Database\Capsule;

/** Payymo's last answers, for when it does not answer. At most 300, none older than a week. */
final class Kept
{
    private const MOST = 300;
    private const SECONDS = 604800;

    public static function find(string $name): ?Answer
    {
        $row = Capsule::table(Store::KEPT)->where('name', $name)->first();
        if ($row === null || (int) $row->asked_at < time() - self::SECONDS) {
            return null;
        }
        $data = json_decode($row->body, true);
        return is_array($data) ? Answer::kept($data, (int) $row->asked_at) : null;
    }

    public static function keep(string $name, Answer $answer): void
    {
        $row = ['body' => (string) json_encode($answer->data), 'asked_at' => $answer->askedAt];
        Capsule::table(Store::KEPT)->updateOrInsert(['name' => $name], $row);
        $beyond = Capsule::table(Store::KEPT)->orderByDesc('asked_at')->skip(self::MOST)->take(100)->pluck('name')->all();
        if ($beyond !== []) {
            Capsule::table(Store::KEPT)->whereIn('name', $beyond)->delete();
        }
    }

    /** A decision changes more than one answer. */
    public static function forget(): void
    {
        Capsule::table(Store::KEPT)->delete();
    }
}
