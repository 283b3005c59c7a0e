<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

use WHMCS\Database\Capsule;

/** Events that wait to be sent. Bounded: the oldest are dropped, for Payymo's sweeps find what no event tells. */
final class Queue
{
    public const MOST = 5000;
    private const LOOKS_EVERY = 50;

    /** One insert; the only thing that a page ever waits for. */
    public static function put(string $kind, array $data): void
    {
        $id = Capsule::table(Store::EVENTS)->insertGetId([
            'event_id' => bin2hex(random_bytes(16)),
            'kind' => $kind,
            'data' => (string) json_encode($data),
            'happened_at' => time(),
        ]);
        if ($id % self::LOOKS_EVERY === 0) {
            Capsule::table(Store::EVENTS)->where('id', '<=', $id - self::MOST)->delete();
        }
    }

    /** @return list<object> */
    public static function oldest(int $count): array
    {
        return Capsule::table(Store::EVENTS)->orderBy('id')->limit($count)->get()->all();
    }

    /** @param list<object> $sent */
    public static function drop(array $sent): void
    {
        Capsule::table(Store::EVENTS)->whereIn('id', array_map(static fn (object $row): int => (int) $row->id, $sent))->delete();
    }

    public static function size(): int
    {
        return Capsule::table(Store::EVENTS)->count();
    }
}
