<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

use WHMCS\Database\Capsule;

/** The module's own tables: settings, the queue of events, what is held, and a short log. WHMCS's tables are never written. */
final class Store
{
    public const VERSION = '1.0.0';
    public const SETTINGS = 'mod_payymo_settings';
    public const EVENTS = 'mod_payymo_events';
    public const LOG = 'mod_payymo_log';
    public const POSTINGS = 'mod_payymo_postings';
    public const KEPT = 'mod_payymo_kept';
    public const HOLDS = 'mod_payymo_holds';
    private const MOST_LOG_LINES = 500;

    /** Create what is missing; running it again changes nothing. */
    public static function install(): void
    {
        $schema = Capsule::schema();
        if (!$schema->hasTable(self::SETTINGS)) {
            $schema->create(self::SETTINGS, static function ($table): void {
                $table->string('name', 40)->primary();
                $table->text('value');
            });
        }
        if (!$schema->hasTable(self::EVENTS)) {
            $schema->create(self::EVENTS, static function ($table): void {
                $table->increments('id');
                $table->string('event_id', 64)->unique();
                $table->string('kind', 40);
                $table->text('data');
                $table->unsignedInteger('happened_at');
            });
        }
        if (!$schema->hasTable(self::LOG)) {
            $schema->create(self::LOG, static function ($table): void {
                $table->increments('id');
                $table->unsignedInteger('noted_at');
                $table->string('text', 500);
            });
        }
        if (!$schema->hasTable(self::HOLDS)) {
            $schema->create(self::HOLDS, static function ($table): void {
                $table->unsignedInteger('invoice_id')->primary();
                $table->unsignedInteger('client_id')->index();
                $table->string('reason', 10);
                $table->unsignedInteger('until_at');
            });
        }
        if (!$schema->hasTable(self::POSTINGS)) {
            $schema->create(self::POSTINGS, static function ($table): void {
                // What keeps a payment from being booked twice is this key in a transaction; MyISAM has none.
                $table->engine = 'InnoDB';
                $table->string('transaction_id', 64)->primary();
                $table->string('fingerprint', 64);
                $table->unsignedInteger('booked_at');
            });
        }
        if (!$schema->hasTable(self::KEPT)) {
            $schema->create(self::KEPT, static function ($table): void {
                $table->string('name', 100)->primary();
                $table->mediumText('body');
                $table->unsignedInteger('asked_at')->index();
            });
        }
    }

    public static function isInstalled(): bool
    {
        return Capsule::schema()->hasTable(self::SETTINGS);
    }

    public static function remove(): void
    {
        $tables = [self::SETTINGS, self::EVENTS, self::LOG, self::POSTINGS, self::KEPT, self::HOLDS];
        foreach ($tables as $table) {
            Capsule::schema()->dropIfExists($table);
        }
    }

    /** Whether the owner ticked this box of the module's settings. */
    public static function option(string $name): bool
    {
        return Capsule::table('tbladdonmodules')->where('module', 'payymo')->where('setting', $name)->value('value')
            === 'on';
    }

    public static function get(string $name): string
    {
        return (string) Capsule::table(self::SETTINGS)->where('name', $name)->value('value');
    }

    public static function set(string $name, string $value): void
    {
        Capsule::table(self::SETTINGS)->updateOrInsert(['name' => $name], ['value' => $value]);
    }

    /** Write a line to the log page; never a secret, never a person. Failing to log stops nothing. */
    public static function note(string $text): void
    {
        try {
            Capsule::table(self::LOG)->insert(['noted_at' => time(), 'text' => substr($text, 0, 500)]);
            $newest = (int) Capsule::table(self::LOG)->max('id');
            Capsule::table(self::LOG)->where('id', '<=', $newest - self::MOST_LOG_LINES)->delete();
        } catch (\Throwable $error) {
            error_log('payymo: ' . get_class($error));
        }
    }

    /** @return list<object> */
    public static function log(): array
    {
        return Capsule::table(self::LOG)->orderByDesc('id')->limit(100)->get()->all();
    }
}
