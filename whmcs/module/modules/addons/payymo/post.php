<?php

/** Payymo's own door: books a payment, once a key. Signed messages alone; no session, no page. */

require_once __DIR__ . '/../../../init.php';

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

use WHMCS\Module\Addon\Payymo\Door;

// A caller that gives up must not cut a booking in half.
ignore_user_abort(true);
$payymoBody = (string) file_get_contents('php://input', false, null, 0, Door::LARGEST + 1);
[$payymoStatus, $payymoAnswer] = Door::answer((string) ($_SERVER['REQUEST_METHOD'] ?? ''), $_SERVER, $payymoBody, time());
while (ob_get_level() > 0) {
    ob_end_clean();
}
http_response_code($payymoStatus);
header('Content-Type: application/json');
header('Cache-Control: no-store');
echo json_encode($payymoAnswer);
