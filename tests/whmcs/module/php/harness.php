<?php

/**
 * As much of WHMCS as the addon module meets: hooks, the local API, Capsule on SQLite, and its class autoloading.
 *
 * PAYYMO_TEST_DATABASE names the SQLite file; without it the database is in memory.
 */

define('WHMCS', true);
require_once 'Illuminate/Database/autoload.php';
class_alias('Illuminate\Database\Capsule\Manager', 'WHMCS\Database\Capsule');

use WHMCS\Database\Capsule;

const MODULE = __DIR__ . '/../../../../whmcs/module/modules/addons/payymo';
const HARNESS_KEY = 'a key that stands for the one in configuration.php';

spl_autoload_register(static function (string $class): void {
    $prefix = 'WHMCS\\Module\\Addon\\Payymo\\';
    if (strncmp($class, $prefix, strlen($prefix)) === 0) {
        require MODULE . '/lib/' . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
    }
});

$file = getenv('PAYYMO_TEST_DATABASE') ?: ':memory:';
if ($file !== ':memory:' && !file_exists($file)) {
    touch($file);
}
$capsule = new Capsule();
$capsule->addConnection(['driver' => 'sqlite', 'database' => $file, 'prefix' => '']);
$capsule->setAsGlobal();
if (!Capsule::schema()->hasTable('tbladdonmodules')) {
    Capsule::schema()->create('tbladdonmodules', static function ($table): void {
        $table->string('module');
        $table->string('setting');
        $table->text('value');
    });
}

if (!Capsule::schema()->hasTable('tblinvoices')) {
    Capsule::schema()->create('tblinvoices', static function ($table): void {
        $table->increments('id');
        $table->unsignedInteger('userid');
        $table->string('status')->default('Unpaid');
        $table->string('paymentmethod')->default('banktransfer');
        $table->decimal('total', 16, 2)->default(0);
    });
    Capsule::schema()->create('tblaccounts', static function ($table): void {
        $table->increments('id');
        foreach (['userid', 'invoiceid'] as $number) {
            $table->unsignedInteger($number);
        }
        foreach (['gateway', 'date', 'amountin', 'fees', 'amountout', 'transid'] as $name) {
            $table->string($name)->default('0.00');
        }
    });
}

function add_hook(string $name, int $priority, callable $call): void
{
    $GLOBALS['harness_hooks'][$name][] = $call;
}

function fire(string $name, array $vars = []): void
{
    foreach ($GLOBALS['harness_hooks'][$name] ?? [] as $call) {
        $call($vars);
    }
}

/** What the role of the administrator who is signed in allows. */
function checkPermission(string $name, bool $noRedirect = false): bool
{
    return in_array($name, $GLOBALS['harness_permissions'] ?? [], true);
}

/** As WHMCS takes the answers of a hook point: what they return, together. */
function ask(string $name, array $vars = []): array
{
    $told = [];
    foreach ($GLOBALS['harness_hooks'][$name] ?? [] as $call) {
        $told = array_merge($told, (array) $call($vars));
    }
    return $told;
}

function logActivity(string $text, int $clientId = 0): void
{
    $GLOBALS['harness_activity'][] = [$clientId, $text];
}

function localAPI(string $command, array $values): array
{
    if (function_exists("harness_$command")) {
        return "harness_$command"($values);
    }
    $key = hash('sha256', HARNESS_KEY, true);
    if ($command === 'EncryptPassword') {
        $nonce = random_bytes(12);
        $sealed = openssl_encrypt($values['password2'], 'aes-256-gcm', $key, OPENSSL_RAW_DATA, $nonce, $tag);
        return ['result' => 'success', 'password' => base64_encode($nonce . $tag . $sealed)];
    }
    if ($command === 'DecryptPassword') {
        $raw = base64_decode($values['password2']);
        $plain = openssl_decrypt(substr($raw, 28), 'aes-256-gcm', $key, OPENSSL_RAW_DATA, substr($raw, 0, 12), substr($raw, 12, 16));
        return ['result' => 'success', 'password' => (string) $plain];
    }
    return ['result' => 'error', 'message' => 'API Function Not Found'];
}

require_once __DIR__ . '/billing.php';
require_once MODULE . '/payymo.php';
require_once MODULE . '/hooks.php';
