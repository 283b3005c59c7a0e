<?php

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

$_ADDONLANG['not_connected'] = 'Not connected. Make a setup code in Payymo under Connections and paste it here.';
$_ADDONLANG['connected_to'] = 'Connected to';
$_ADDONLANG['waiting'] = 'Events waiting to be sent:';
$_ADDONLANG['setup_code'] = 'Setup code';
$_ADDONLANG['connect'] = 'Connect';
$_ADDONLANG['log'] = 'Log';
$_ADDONLANG['log_empty'] = 'Nothing happened yet.';
$_ADDONLANG['form_expired'] = 'The form was open for too long. Nothing was changed; send it again.';
$_ADDONLANG['code_wrong'] = 'This is no setup code. Copy all of it. Nothing was changed.';
$_ADDONLANG['code_taken'] = 'The setup code was taken. Events are sent with the next run of the cron job.';
