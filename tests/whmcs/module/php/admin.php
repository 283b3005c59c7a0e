<?php

/** Pages of WHMCS's admin area, as far as the module is on them; the role is in the cookie `role`. */

require_once __DIR__ . '/harness.php';

session_start();
$_SESSION['adminid'] = 3;
$GLOBALS['harness_permissions'] = explode(',', $_COOKIE['role'] ?? 'List Transactions,Manage Invoice,Configure General Settings');
$_ADDONLANG = [];
include MODULE . '/lang/' . (($_COOKIE['language'] ?? '') === 'german' ? 'german' : 'english') . '.php';

if (isset($_COOKIE['no_addon']) && isset($_GET['module'])) {
    exit('<h1>Access Denied</h1>');
}
ob_start();
$page = basename($_SERVER['SCRIPT_NAME']);
if ($page === 'addonmodules.php') {
    payymo_output(['modulelink' => 'addonmodules.php?module=payymo', 'version' => '1.0.0', '_lang' => $_ADDONLANG]);
} else {
    [$hook, $vars] = $page === 'invoices.php'
        ? ['AdminInvoicesControlsOutput', ['invoiceid' => (int) ($_GET['id'] ?? 0)]]
        : ['AdminAreaClientSummaryPage', ['userid' => (int) ($_GET['userid'] ?? 0)]];
    foreach ($GLOBALS['harness_hooks'][$hook] as $call) {
        echo $call($vars);
    }
}
$content = ob_get_clean();
echo '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>WHMCS</title><link rel="icon" href="data:,">'
    . '<link rel="stylesheet" href="bootstrap.css"></head><body><div class="container"><h1>' . $page . '</h1>' . $content . '</div></body></html>';
