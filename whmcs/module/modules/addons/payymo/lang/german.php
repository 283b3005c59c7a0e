<?php

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

$_ADDONLANG['not_connected'] = 'Nicht verbunden. Erzeugen Sie in Payymo unter Verbindungen einen Einrichtungscode und fügen Sie ihn hier ein.';
$_ADDONLANG['connected_to'] = 'Verbunden mit';
$_ADDONLANG['waiting'] = 'Ereignisse, die auf den Versand warten:';
$_ADDONLANG['setup_code'] = 'Einrichtungscode';
$_ADDONLANG['connect'] = 'Verbinden';
$_ADDONLANG['log'] = 'Protokoll';
$_ADDONLANG['log_empty'] = 'Noch ist nichts geschehen.';
$_ADDONLANG['form_expired'] = 'Das Formular war zu lange offen. Nichts wurde geändert; senden Sie es noch einmal.';
$_ADDONLANG['code_wrong'] = 'Das ist kein Einrichtungscode. Kopieren Sie ihn ganz. Nichts wurde geändert.';
$_ADDONLANG['code_taken'] = 'Der Einrichtungscode wurde übernommen. Ereignisse werden beim nächsten Cron-Lauf gesendet.';
