<?php

/** WHMCS's billing as far as Payymo meets it: a repeated transaction id is booked again, as WHMCS does. */

namespace WHMCS\Module {
    abstract class AbstractWidget
    {
        abstract public function getData();

        abstract public function generateOutput($data);
    }
}

namespace {
    use WHMCS\Database\Capsule;

    function harness_AddInvoicePayment(array $values): array
    {
        $invoice = Capsule::table('tblinvoices')->where('id', (int) $values['invoiceid'])->first();
        if ($invoice === null) {
            return ['result' => 'error', 'message' => 'Invoice ID Not Found'];
        }
        Capsule::table('tblaccounts')->insert([
            'userid' => $invoice->userid, 'invoiceid' => $invoice->id, 'gateway' => $values['gateway'], 'date' => $values['date'],
            'amountin' => $values['amount'], 'fees' => $values['fees'] ?? '0.00', 'amountout' => '0.00', 'transid' => $values['transid'],
        ]);
        if ((float) harness_balance($invoice) <= 0) {
            Capsule::table('tblinvoices')->where('id', $invoice->id)->update(['status' => 'Paid']);
        }
        fire('AddInvoicePayment', ['invoiceid' => $invoice->id]);
        return ['result' => 'success'];
    }

    function harness_balance(object $invoice): string
    {
        $paid = (float) Capsule::table('tblaccounts')->where('invoiceid', $invoice->id)->sum('amountin');
        return number_format((float) $invoice->total - $paid, 2, '.', '');
    }

    function harness_GetTransactions(array $values): array
    {
        $rows = Capsule::table('tblaccounts')->where('transid', $values['transid'])->get()->map(static fn ($row) => (array) $row)->all();
        return ['result' => 'success', 'totalresults' => count($rows), 'transactions' => $rows === [] ? '' : ['transaction' => $rows]];
    }

    function harness_GetInvoice(array $values): array
    {
        $invoice = Capsule::table('tblinvoices')->where('id', (int) $values['invoiceid'])->first();
        if ($invoice === null) {
            return ['result' => 'error', 'message' => 'Invoice ID Not Found'];
        }
        $rows = Capsule::table('tblaccounts')->where('invoiceid', $invoice->id)->get()->map(static fn ($row) => (array) $row)->all();
        return [
            'result' => 'success', 'invoiceid' => $invoice->id, 'invoicenum' => '', 'userid' => $invoice->userid,
            'date' => '2026-11-01', 'duedate' => '2026-11-15', 'datepaid' => '0000-00-00 00:00:00', 'total' => number_format((float) $invoice->total, 2, '.', ''),
            'credit' => '0.00', 'balance' => harness_balance($invoice), 'status' => $invoice->status, 'paymentmethod' => $invoice->paymentmethod,
            'items' => ['item' => [['id' => 1, 'type' => 'Hosting', 'relid' => 1, 'description' => 'Web hosting', 'amount' => $invoice->total]]],
            'transactions' => $rows === [] ? '' : ['transaction' => $rows],
        ];
    }
}
