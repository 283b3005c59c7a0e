<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/** The contents of the boxes. Everything that came from Payymo is escaped where it is put into a page. */
final class Panels
{
    public function __construct(private Text $text, private string $csrf)
    {
    }

    public function summary(Answer $said): string
    {
        $data = $said->data;
        if ($data === []) {
            return $this->problem($said);
        }
        $posted = implode(', ', array_map([Html::class, 'money'], Html::rows($data, 'posted_this_month')));
        $facts = [
            'open_suggestions' => Text::escape(Html::text($data, 'open_suggestions')),
            'posted_this_month' => $posted ?: '&ndash;',
            'postings_waiting' => Text::escape(Html::text($data, 'postings_waiting')),
            'postings_stopped' => Text::escape(Html::text($data, 'postings_stopped')),
        ];
        return $this->problem($said) . $this->facts($facts) . $this->feeds(Html::rows($data, 'feeds'))
            . '<p>' . Html::link(Html::text($data, 'review_url'), $this->text->of('review'), 'btn btn-primary btn-sm') . ' '
            . Html::link(Html::text($data, 'postings_url'), $this->text->of('postings')) . '</p>';
    }

    /** Whether the connection and the licence are in order, in plain words. */
    public function check(Answer $said): string
    {
        $data = $said->data;
        if (!$said->isOk()) {
            return $this->problem($said);
        }
        $licence = is_array($data['licence'] ?? null) ? $data['licence'] : [];
        $isGood = in_array(Html::text($licence, 'state'), ['valid', 'not_needed', 'grace'], true);
        $isRead = Html::text($data, 'state') === 'ACTIVE';
        $way = ($data['posts_through_module'] ?? false) === true ? 'books_here' : 'books_by_api';
        return Html::alert('success', $this->text->of('check_passed') . ' <strong>' . Text::escape(Html::text($data, 'installation')) . '</strong>')
            . ($isRead ? '' : Html::alert('danger', $this->text->of('whmcs_not_read') . ' ' . Text::escape(Html::text($data, 'problem'))))
            . ($isGood ? '' : Html::alert('warning', $this->text->of('licence_bad') . ' ' . Text::escape(Html::text($licence, 'problem'))))
            . '<p>' . $this->text->of($way) . '</p>'
            . '<p>' . Html::link(Html::text($data, 'connections_url'), $this->text->of('open_connections')) . '</p>';
    }

    public function invoice(Answer $said): string
    {
        $data = $said->data;
        if ($data === []) {
            return $this->frame($this->problem($said));
        }
        $rows = '';
        foreach (Html::rows($data, 'postings') as $posting) {
            $rows .= '<li>' . Html::money($posting) . ' &middot; ' . Text::escape(Html::text($posting, 'state_text')) . ' &middot; <code>'
                . Text::escape(Html::text($posting, 'transaction_id')) . '</code> ' . Text::escape(Html::text($posting, 'last_error')) . '</li>';
        }
        return $this->frame(
            $this->problem($said) . $this->suggestions(Html::rows($data, 'suggestions'))
            . ($rows === '' ? '' : '<p>' . $this->text->of('postings') . "</p><ul>$rows</ul>")
            . Html::link(Html::text($data, 'url'), $this->text->of('invoice_in_payymo'), '')
        );
    }

    public function client(Answer $said): string
    {
        $data = $said->data;
        if ($data === []) {
            return $this->frame($this->problem($said));
        }
        $owed = implode(', ', array_map([Html::class, 'money'], Html::rows($data, 'owed')));
        return $this->frame(
            $this->problem($said) . $this->facts(['owed' => $owed ?: '&ndash;'])
            . $this->suggestions(Html::rows($data, 'suggestions'))
            . Html::link(Html::text($data, 'url'), $this->text->of('client_in_payymo'), '')
        );
    }

    private function frame(string $html): string
    {
        return '<div class="panel panel-default"><div class="panel-heading"><strong>Payymo</strong></div><div class="panel-body">' . $html . '</div></div>';
    }

    private function problem(Answer $said): string
    {
        if ($said->isOk()) {
            return '';
        }
        $age = $said->data === [] ? '' : ' ' . $this->text->of('shown_as_of') . ' ' . gmdate('Y-m-d H:i', $said->askedAt) . ' UTC.';
        return Html::alert($said->problem === 'unknown_in_payymo' ? 'info' : 'warning', $this->text->of($said->problem) . $age);
    }

    /** @param array<string, string> $facts html by the name of its text */
    private function facts(array $facts): string
    {
        $rows = '';
        foreach ($facts as $name => $html) {
            $rows .= '<tr><th scope="row">' . $this->text->of($name) . '</th><td class="text-right">' . $html . '</td></tr>';
        }
        return '<table class="table table-condensed"><tbody>' . $rows . '</tbody></table>';
    }

    private function feeds(array $feeds): string
    {
        $rows = '';
        foreach ($feeds as $feed) {
            $rows .= '<li>' . Html::label(Html::text($feed, 'tone'), Html::text($feed, 'text')) . ' '
                . Text::escape(Html::text($feed, 'name')) . ' <small class="text-muted">' . Text::escape(Html::text($feed, 'detail')) . '</small></li>';
        }
        return $rows === '' ? '' : '<ul class="list-unstyled">' . $rows . '</ul>';
    }

    private function suggestions(array $suggestions): string
    {
        if ($suggestions === []) {
            return '<p class="text-muted">' . $this->text->of('no_suggestion') . '</p>';
        }
        return implode('', array_map(fn (array $one): string => $this->suggestion($one), $suggestions));
    }

    private function suggestion(array $one): string
    {
        // Cut and not rounded: nothing short of certain reads 100.
        $percent = number_format(floor(1000 * min(1.0, max(0.0, (float) Html::text($one, 'probability')))) / 10, 1, '.', '');
        $lines = '';
        foreach (Html::rows($one, 'lines') as $line) {
            $lines .= '<li>' . Text::escape(Html::text($line, 'number')) . ': ' . Html::money($line) . '</li>';
        }
        $reasons = '';
        foreach (Html::rows($one, 'reasons') as $reason) {
            $isAgainst = Html::text($reason, 'agrees') === 'no';
            $reasons .= '<li class="' . ($isAgainst ? 'text-danger' : 'text-success') . '">' . ($isAgainst ? '&#10007; ' : '&#10003; ') . '<strong>' . Text::escape(Html::text($reason, 'title'))
                . ':</strong> ' . Text::escape(Html::text($reason, 'text')) . '</li>';
        }
        return '<div class="well well-sm"><p><strong>' . Html::money($one) . '</strong> ' . $this->text->of('from') . ' '
            . Text::escape(Html::text($one, 'payer') ?: '?') . ', ' . Text::escape(Html::text($one, 'day')) . ' '
            . Html::label($this->tone($one), "$percent %") . '</p><p><code>' . Text::escape(Html::text($one, 'reference')) . '</code></p>'
            . "<ul class=\"list-unstyled\">$lines</ul><ul class=\"list-unstyled small\">$reasons</ul>" . $this->buttons($one) . '</div>';
    }

    private function tone(array $one): string
    {
        return ['exact' => 'ok', 'likely' => 'info'][Html::text($one, 'band')] ?? 'warn';
    }

    private function buttons(array $one): string
    {
        $shown = '';
        if (Admin::decides()) {
            $shown = $this->form($one, 'approve', 'btn-success') . ' ' . $this->rejection($one) . ' ';
        }
        return $shown . Html::link(Html::text($one, 'url'), $this->text->of('open_in_payymo'));
    }

    /** The reasons that Payymo knows, and none: what is said here stands in the trail of the payment there. */
    private function rejection(array $one): string
    {
        $options = '<option value="">' . $this->text->of('reason_none') . '</option>';
        foreach (Ajax::REASONS as $reason) {
            $options .= "<option value=\"$reason\">" . $this->text->of("reason_$reason") . '</option>';
        }
        $asked = '<label>' . $this->text->of('reason') . ' <select class="form-control input-sm" name="reason">' . $options . '</select></label> ';
        return '<details style="display:inline-block;vertical-align:top"><summary class="btn btn-sm btn-default">' . $this->text->of('reject') . '&hellip;</summary>'
            . $this->form($one, 'reject', 'btn-danger', $asked) . '</details>';
    }

    private function form(array $one, string $act, string $class, string $asked = ''): string
    {
        // A key for each form that was shown: sent twice, it decides once.
        return '<form method="post" style="display:inline">' . $this->csrf . '<input type="hidden" name="act" value="' . $act . '">'
            . '<input type="hidden" name="proposal" value="' . Text::escape(Html::text($one, 'id')) . '">'
            . '<input type="hidden" name="key" value="' . bin2hex(random_bytes(16)) . '">'
            . $asked . '<button type="submit" class="btn btn-sm ' . $class . '">' . $this->text->of($act) . '</button></form>';
    }
}
