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
$_ADDONLANG['language_code'] = 'en';
$_ADDONLANG['tab_overview'] = 'Overview';
$_ADDONLANG['tab_connection'] = 'Connection';
$_ADDONLANG['tab_log'] = 'Log';
$_ADDONLANG['open_suggestions'] = 'Payments with a suggestion to review';
$_ADDONLANG['posted_this_month'] = 'Posted this month';
$_ADDONLANG['postings_waiting'] = 'On their way to WHMCS';
$_ADDONLANG['postings_stopped'] = 'Need a person';
$_ADDONLANG['review'] = 'Review in Payymo';
$_ADDONLANG['postings'] = 'Postings';
$_ADDONLANG['open_in_payymo'] = 'Open in Payymo';
$_ADDONLANG['open_connections'] = 'Connections in Payymo';
$_ADDONLANG['owed'] = 'Open, less what is on its way';
$_ADDONLANG['no_suggestion'] = 'No payment that waits is suggested here.';
$_ADDONLANG['from'] = 'from';
$_ADDONLANG['approve'] = 'Approve';
$_ADDONLANG['reject'] = 'Reject';
$_ADDONLANG['done_approve'] = 'Approved. The payment is booked when the time for taking it back has passed; until then it can be undone in Payymo.';
$_ADDONLANG['done_reject'] = 'Rejected. Payymo remembers that.';
$_ADDONLANG['decided_meanwhile'] = 'Nothing was changed: this suggestion was decided or replaced meanwhile.';
$_ADDONLANG['not_allowed'] = 'Your role in WHMCS does not allow this. It needs List Transactions, and Manage Invoice for decisions.';
$_ADDONLANG['check_passed'] = 'Payymo answers. This WHMCS is known there as';
$_ADDONLANG['whmcs_not_read'] = 'Payymo cannot read this WHMCS. Test the connection in Payymo.';
$_ADDONLANG['licence_bad'] = 'The licence of Payymo is not in order.';
$_ADDONLANG['books_here'] = 'Payments are booked through this module.';
$_ADDONLANG['books_by_api'] = 'Payments are booked over the API of WHMCS.';
$_ADDONLANG['unreachable'] = 'Payymo cannot be reached. WHMCS goes on as usual, and nothing is lost.';
$_ADDONLANG['payymo_broken'] = 'Payymo has a fault just now. WHMCS goes on as usual, and nothing is lost.';
$_ADDONLANG['key_ended'] = 'Payymo does not accept this module any more: its key ended after a year, was revoked, or the member who made it left. Make a new setup code in Payymo.';
$_ADDONLANG['unknown_in_payymo'] = 'Payymo does not know this yet. New invoices and clients are read within some minutes.';
$_ADDONLANG['refused'] = 'Payymo refused this; nothing was changed.';
$_ADDONLANG['shown_as_of'] = 'Shown is what was known on';
$_ADDONLANG['may_not_connect'] = 'Your role in WHMCS does not allow this. Connecting Payymo needs Configure General Settings.';
$_ADDONLANG['invoice_in_payymo'] = 'This invoice in Payymo';
$_ADDONLANG['client_in_payymo'] = 'The open invoices of this client in Payymo';
$_ADDONLANG['being_matched'] = 'A payment that seems to be for this invoice has arrived and is being matched. Please do not pay it again.';
$_ADDONLANG['give_reference'] = 'Give this reference with your transfer, so that it is found at once:';
$_ADDONLANG['held_review'] = 'A likely payment waits for review. Overdue notices, suspension and termination are held.';
$_ADDONLANG['held_posting'] = 'A payment is approved and not booked yet. Overdue notices, suspension and termination are held.';
$_ADDONLANG['held_stale'] = 'The bank feed is late, so a payment may be missing. Overdue notices, suspension and termination are held.';
$_ADDONLANG['held_until'] = 'Until';
