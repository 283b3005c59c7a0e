<?php

namespace WHMCS\Module\Addon\Payymo;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

/** What the boxes fetch: a fixed list of contents, and two decisions by POST. */
final class Ajax
{
    public const REASONS = ['client', 'invoice', 'amount', 'no_payment'];
    private const CONTENTS = ['summary', 'check', 'invoice', 'client'];

    public function __construct(private Text $text)
    {
    }

    public static function isWanted(): bool
    {
        return in_array($_GET['payymo'] ?? null, self::CONTENTS, true);
    }

    /** The content that was asked for. */
    public function answer(): string
    {
        $connection = Admin::sees() ? Connection::current() : null;
        if ($connection === null) {
            return Html::alert('warning', $this->text->of(Admin::sees() ? 'not_connected' : 'not_allowed'));
        }
        $what = (string) $_GET['payymo'];
        $id = is_numeric($_GET['id'] ?? null) ? max(0, (int) $_GET['id']) : 0;
        // Made while the session is still open: from here on other pages of this administrator must not wait.
        $csrf = Csrf::field();
        $isRight = Csrf::isRight();
        if (session_status() === PHP_SESSION_ACTIVE) {
            session_write_close();
        }
        $payymo = new Payymo($connection, $this->text->of('language_code'));
        $said = ($_SERVER['REQUEST_METHOD'] ?? 'GET') === 'POST' ? $this->decide($payymo, $isRight) : '';
        return $said . $this->content($payymo, $what, $id, $csrf);
    }

    private function content(Payymo $payymo, string $what, int $id, string $csrf): string
    {
        $panels = new Panels($this->text, $csrf);
        switch ($what) {
            case 'check':
                return $panels->check($payymo->read('config/', true));
            case 'invoice':
                return $panels->invoice($payymo->read("invoice/$id/"));
            case 'client':
                return $panels->client($payymo->read("client/$id/"));
            default:
                return $panels->summary($payymo->read('summary/'));
        }
    }

    private function decide(Payymo $payymo, bool $isRight): string
    {
        [$act, $proposal, $key, $reason] = array_map(
            static fn (string $name): string => is_string($_POST[$name] ?? null) ? $_POST[$name] : '',
            ['act', 'proposal', 'key', 'reason']
        );
        if (!Admin::decides()) {
            return Html::alert('danger', $this->text->of('not_allowed'));
        }
        $isWhole = in_array($act, ['approve', 'reject'], true) && preg_match('/^[0-9a-f-]{36}$/D', $proposal) === 1
            && preg_match('/^[0-9a-f]{32}$/D', $key) === 1
            && ($reason === '' || ($act === 'reject' && in_array($reason, self::REASONS, true)));
        if (!$isRight || !$isWhole) {
            return Html::alert('danger', $this->text->of('form_expired'));
        }
        $why = $reason === '' ? [] : ['reason' => $this->text->plain("reason_$reason")];
        $said = $payymo->decide($proposal, $act, ['admin_id' => Admin::id()] + $why, $key);
        Store::note("$act of suggestion $proposal by administrator " . Admin::id() . ($said->isOk() ? '' : ": $said->problem"));
        if ($said->isOk()) {
            return Html::alert('success', $this->text->of("done_$act"));
        }
        $name = $said->problem === 'unknown_in_payymo' ? 'decided_meanwhile' : $said->problem;
        return Html::alert('danger', $this->text->of($name) . ($said->detail === '' ? '' : ' ' . Text::escape($said->detail)));
    }

    /** Answer the content alone, without WHMCS's page around it. */
    public static function send(string $html): void
    {
        while (ob_get_level() > 0) {
            ob_end_clean();
        }
        header('Content-Type: text/html; charset=utf-8');
        header('Cache-Control: no-store');
        header('X-Payymo: 1');
        echo $html;
        exit;
    }
}
