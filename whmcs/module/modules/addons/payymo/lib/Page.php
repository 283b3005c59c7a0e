<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/** The admin page: the connection, the queue and the log. A secret is never shown again. */
final class Page
{
    public function __construct(private Text $text, private string $link)
    {
    }

    public function render(): string
    {
        $said = ($_SERVER['REQUEST_METHOD'] ?? 'GET') === 'POST' ? $this->act() : '';
        return $said . $this->connection() . $this->log();
    }

    private function act(): string
    {
        if (!Csrf::isRight()) {
            return $this->alert('danger', 'form_expired');
        }
        $code = $_POST['setup_code'] ?? '';
        if (!is_string($code) || Connection::take($code) === null) {
            return $this->alert('danger', 'code_wrong');
        }
        Store::set('failures', '0');
        Store::set('next_try', '0');
        Store::note('setup code taken');
        return $this->alert('success', 'code_taken');
    }

    private function alert(string $tone, string $name): string
    {
        return '<div class="alert alert-' . $tone . '">' . $this->text->of($name) . '</div>';
    }

    private function connection(): string
    {
        $connection = Connection::current();
        $state = $connection === null
            ? $this->text->of('not_connected')
            : $this->text->of('connected_to') . ' <strong>' . Text::escape($connection->url) . '</strong>';
        return '<p>' . $state . '</p><p>' . $this->text->of('waiting') . ' <strong>' . Queue::size() . '</strong></p>'
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
