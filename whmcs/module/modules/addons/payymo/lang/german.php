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
$_ADDONLANG['language_code'] = 'de';
$_ADDONLANG['tab_overview'] = 'Übersicht';
$_ADDONLANG['tab_connection'] = 'Verbindung';
$_ADDONLANG['tab_log'] = 'Protokoll';
$_ADDONLANG['open_suggestions'] = 'Zahlungen mit Vorschlag zur Prüfung';
$_ADDONLANG['posted_this_month'] = 'Diesen Monat gebucht';
$_ADDONLANG['postings_waiting'] = 'Auf dem Weg zu WHMCS';
$_ADDONLANG['postings_stopped'] = 'Brauchen einen Menschen';
$_ADDONLANG['review'] = 'In Payymo prüfen';
$_ADDONLANG['postings'] = 'Buchungen';
$_ADDONLANG['open_in_payymo'] = 'In Payymo öffnen';
$_ADDONLANG['open_connections'] = 'Verbindungen in Payymo';
$_ADDONLANG['owed'] = 'Offen, ohne was unterwegs ist';
$_ADDONLANG['no_suggestion'] = 'Keine wartende Zahlung wird hierfür vorgeschlagen.';
$_ADDONLANG['from'] = 'von';
$_ADDONLANG['approve'] = 'Genehmigen';
$_ADDONLANG['reject'] = 'Ablehnen';
$_ADDONLANG['done_approve'] = 'Genehmigt. Gebucht wird, wenn die Zeit zum Zurücknehmen vorbei ist; bis dahin lässt es sich in Payymo zurücknehmen.';
$_ADDONLANG['done_reject'] = 'Abgelehnt. Payymo merkt sich das.';
$_ADDONLANG['decided_meanwhile'] = 'Nichts wurde geändert: Dieser Vorschlag wurde inzwischen entschieden oder ersetzt.';
$_ADDONLANG['not_allowed'] = 'Ihre Rolle in WHMCS erlaubt das nicht. Nötig sind List Transactions und für Entscheidungen Manage Invoice.';
$_ADDONLANG['check_passed'] = 'Payymo antwortet. Dieses WHMCS heißt dort';
$_ADDONLANG['whmcs_not_read'] = 'Payymo kann dieses WHMCS nicht lesen. Testen Sie die Verbindung in Payymo.';
$_ADDONLANG['licence_bad'] = 'Die Lizenz von Payymo ist nicht in Ordnung.';
$_ADDONLANG['books_here'] = 'Zahlungen werden durch dieses Modul gebucht.';
$_ADDONLANG['books_by_api'] = 'Zahlungen werden über die API von WHMCS gebucht.';
$_ADDONLANG['unreachable'] = 'Payymo ist nicht erreichbar. WHMCS läuft weiter wie immer, und nichts geht verloren.';
$_ADDONLANG['payymo_broken'] = 'Payymo hat gerade eine Störung. WHMCS läuft weiter wie immer, und nichts geht verloren.';
$_ADDONLANG['key_ended'] = 'Payymo nimmt dieses Modul nicht mehr an: Sein Schlüssel ist nach einem Jahr abgelaufen, widerrufen, oder das Mitglied, das ihn erzeugte, ist fort. Erzeugen Sie in Payymo einen neuen Einrichtungscode.';
$_ADDONLANG['unknown_in_payymo'] = 'Payymo kennt das noch nicht. Neue Rechnungen und Kunden werden binnen Minuten gelesen.';
$_ADDONLANG['refused'] = 'Payymo hat das abgelehnt; nichts wurde geändert.';
$_ADDONLANG['shown_as_of'] = 'Gezeigt wird der Stand vom';
$_ADDONLANG['may_not_connect'] = 'Ihre Rolle in WHMCS erlaubt das nicht. Payymo zu verbinden braucht Configure General Settings.';
$_ADDONLANG['invoice_in_payymo'] = 'Diese Rechnung in Payymo';
$_ADDONLANG['client_in_payymo'] = 'Die offenen Rechnungen dieses Kunden in Payymo';
$_ADDONLANG['being_matched'] = 'Eine Zahlung, die zu dieser Rechnung zu gehören scheint, ist eingegangen und wird zugeordnet. Bitte zahlen Sie nicht noch einmal.';
$_ADDONLANG['give_reference'] = 'Geben Sie diese Referenz bei der Überweisung an, damit sie sofort gefunden wird:';
$_ADDONLANG['held_review'] = 'Eine wahrscheinliche Zahlung wartet auf Prüfung. Mahnungen, Sperrung und Kündigung ruhen.';
$_ADDONLANG['held_posting'] = 'Eine Zahlung ist genehmigt und noch nicht gebucht. Mahnungen, Sperrung und Kündigung ruhen.';
$_ADDONLANG['held_stale'] = 'Der Bankabruf ist im Verzug, eine Zahlung kann fehlen. Mahnungen, Sperrung und Kündigung ruhen.';
$_ADDONLANG['held_until'] = 'Bis';
