<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/** The admin page: what waits in Payymo, the connection, and the log. A secret is never shown again. */
final class Page
{
    private const TABS = ['overview', 'connection', 'log'];

    public function __construct(private Text $text, private string $link)
    {
    }

    public function render(): string
    {
        $said = ($_SERVER['REQUEST_METHOD'] ?? 'GET') === 'POST' ? $this->act() : '';
        $asked = $_GET['tab'] ?? ($said === '' ? '' : 'connection');
        $isConnected = Store::get('connection') !== '';
        $tab = in_array($asked, self::TABS, true) ? $asked : ($isConnected ? 'overview' : 'connection');
        switch ($tab) {
            case 'overview':
                return $this->tabs($tab) . $said . $this->overview();
            case 'log':
                return $this->tabs($tab) . $said . $this->log();
            default:
                return $this->tabs($tab) . $said . $this->connection();
        }
    }

    private function tabs(string $chosen): string
    {
        $shown = '';
        foreach (self::TABS as $tab) {
            $link = Text::escape("$this->link&tab=$tab");
            $shown .= '<li' . ($tab === $chosen ? ' class="active"' : '') . "><a href=\"$link\">" . $this->text->of("tab_$tab") . '</a></li>';
        }
        return '<ul class="nav nav-tabs admin-tabs">' . $shown . '</ul><br>';
    }

    private function overview(): string
    {
        return Box::html('summary') ?: Html::alert('info', $this->text->of('not_connected'));
    }

    private function act(): string
    {
        if (!Csrf::isRight()) {
            return Html::alert('danger', $this->text->of('form_expired'));
        }
        if (!Admin::configures()) {
            return Html::alert('danger', $this->text->of('may_not_connect'));
        }
        $code = $_POST['setup_code'] ?? '';
        if (!is_string($code) || Connection::take($code) === null) {
            return Html::alert('danger', $this->text->of('code_wrong'));
        }
        Store::set('failures', '0');
        Store::set('next_try', '0');
        Store::set('payymo_down_until', '0');
        Kept::forget();
        Store::note('setup code taken');
        return Html::alert('success', $this->text->of('code_taken'));
    }

    private function connection(): string
    {
        $connection = Connection::current();
        $state = $connection === null
            ? $this->text->of('not_connected')
            : $this->text->of('connected_to') . ' <strong>' . Text::escape($connection->url) . '</strong>';
        return '<p>' . $state . '</p>' . Box::html('check') . '<p>' . $this->text->of('waiting') . ' <strong>' . Queue::size() . '</strong></p>'
            . '<form method="post" action="' . Text::escape($this->link) . '">' . Csrf::field()
            . '<div class="form-group"><label for="payymo-code">' . $this->text->of('setup_code') . '</label>'
            . '<textarea class="form-control" id="payymo-code" name="setup_code" rows="3" autocomplete="off"></textarea></div>'
            . '<button class="btn btn-primary" type="submit">' . $this->text->of('connect') . '</button></form>';
    }

    private function log(): string
    {
        $rows = '';
        foreach (Store::log() as $line) {
            $rows .= '<tr><td>' . gmdate('Y-m-d H:i', (int) $line->noted_at) . ' UTC</td><td>' . Text::escape($line->text) . '</td></tr>';
        }
        return '<h3>' . $this->text->of('log') . '</h3><table class="datatable table"><tbody>'
            . ($rows ?: '<tr><td>' . $this->text->of('log_empty') . '</td></tr>') . '</tbody></table>';
    }
}
