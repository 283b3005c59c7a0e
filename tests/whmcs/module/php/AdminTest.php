<?php

use PHPUnit\Framework\TestCase;
use WHMCS\Database\Capsule;
use WHMCS\Module\Addon\Payymo\Ajax;
use WHMCS\Module\Addon\Payymo\Answer;
use WHMCS\Module\Addon\Payymo\Box;
use WHMCS\Module\Addon\Payymo\Connection;
use WHMCS\Module\Addon\Payymo\Csrf;
use WHMCS\Module\Addon\Payymo\Kept;
use WHMCS\Module\Addon\Payymo\Panels;
use WHMCS\Module\Addon\Payymo\Store;
use WHMCS\Module\Addon\Payymo\Text;

final class AdminTest extends TestCase
{
    private const ALL = ['List Transactions', 'Manage Invoice'];
    private const EVIL = '<script>alert(1)</script>';

    protected function setUp(): void
    {
        Store::remove();
        Capsule::table('tbladdonmodules')->delete();
        $_GET = $_POST = [];
        $_SESSION = ['adminid' => 3];
        $_SERVER['REQUEST_METHOD'] = 'GET';
        $GLOBALS['harness_permissions'] = self::ALL;
        payymo_activate();
        $told = ['url' => 'http://127.0.0.1:9', 'installation' => 'i-1', 'key' => 'pmk_secret', 'secret' => 'whsec_MDEy'];
        Connection::take('payymo1.' . rtrim(strtr(base64_encode(json_encode($told)), '+/', '-_'), '='));
    }

    private static function words(string $language = 'english'): Text
    {
        $_ADDONLANG = [];
        include MODULE . "/lang/$language.php";
        return Text::from($_ADDONLANG);
    }

    private static function ask(array $get, array $post = []): string
    {
        $_GET = $get;
        $_POST = $post;
        $_SERVER['REQUEST_METHOD'] = $post === [] ? 'GET' : 'POST';
        return (new Ajax(self::words()))->answer();
    }

    private static function suggestion(array $changes = []): array
    {
        return $changes + [
            'id' => '11111111-2222-3333-4444-555555555555', 'band' => 'exact', 'probability' => 0.99999, 'amount' => '119.00', 'currency' => 'EUR',
            'payer' => 'Northwind', 'day' => '2026-11-18', 'reference' => 'INV-1', 'url' => 'https://acme.example/review/1/',
            'lines' => [['number' => 'INV-1', 'amount' => '119.00', 'currency' => 'EUR']],
            'reasons' => [['agrees' => 'yes', 'title' => 'Invoice number', 'text' => 'it is in the reference']],
        ];
    }

    private static function panels(): Panels
    {
        return new Panels(self::words(), '<input name="payymo_csrf">');
    }

    public function testAPageOfWhmcsGetsAnEmptyBoxAndNothingIsFetchedForIt(): void
    {
        $began = microtime(true);
        fire('AdminInvoicesControlsOutput', ['invoiceid' => 501]);
        $shown = Box::html('invoice', 501);

        $this->assertStringContainsString('data-payymo="addonmodules.php?module=payymo&amp;payymo=invoice&amp;id=501"', $shown);
        $this->assertLessThan(0.05, microtime(true) - $began);
        $this->assertSame('', Store::get('payymo_down_until'));
    }

    public function testTheHomePageGetsAWidgetThatReadsNothing(): void
    {
        $widget = $GLOBALS['harness_hooks']['AdminHomeWidgets'][0]();

        $this->assertSame([], $widget->getData());
        $this->assertStringContainsString('payymo=summary', $widget->generateOutput([]));
    }

    public function testARoleThatMayNotSeePaymentsSeesNoBoxAndNoContent(): void
    {
        Kept::keep('en invoice/501/', Answer::kept(['suggestions' => [self::suggestion()]], time()));
        foreach ([['Manage Invoice'], []] as $role) {
            $GLOBALS['harness_permissions'] = $role;
            $this->assertSame('', Box::html('invoice', 501));
            $this->assertStringNotContainsString('Northwind', self::ask(['payymo' => 'invoice', 'id' => '501']));
        }
        $GLOBALS['harness_permissions'] = self::ALL;
        $_SESSION = [];
        $this->assertSame('', Box::html('invoice', 501));
    }

    public function testASuggestionShowsItsProbabilityItsReasonsAndBothDecisions(): void
    {
        $shown = self::panels()->invoice(Answer::kept(['suggestions' => [self::suggestion()]], time()));

        foreach (['99.9 %', 'it is in the reference', '119.00 EUR', 'Northwind', 'value="approve"', 'value="reject"', 'href="https://acme.example/review/1/"'] as $part) {
            $this->assertStringContainsString($part, $shown);
        }
    }

    public function testARejectionOffersEachReasonInTheWordsOfTheAdministrator(): void
    {
        $panels = new Panels(self::words('german'), '');

        $shown = $panels->invoice(Answer::kept(['suggestions' => [self::suggestion()]], time()));

        foreach (Ajax::REASONS as $reason) {
            $this->assertStringContainsString("<option value=\"$reason\">" . self::words('german')->of("reason_$reason") . '</option>', $shown);
        }
        $this->assertSame(1, substr_count($shown, '<select'));
        $this->assertSame('Falscher Kunde', self::words('german')->plain('reason_client'));
    }

    public function testWhoMayOnlyLookSeesNoButtons(): void
    {
        $GLOBALS['harness_permissions'] = ['List Transactions'];

        $shown = self::panels()->invoice(Answer::kept(['suggestions' => [self::suggestion()]], time()));

        $this->assertStringContainsString('Northwind', $shown);
        $this->assertStringNotContainsString('<form', $shown);
    }

    public function testEverythingThatCameFromPayymoIsEscaped(): void
    {
        $evil = array_fill_keys(['id', 'payer', 'day', 'reference', 'amount', 'currency', 'band'], self::EVIL);
        $row = self::suggestion(['lines' => [['number' => self::EVIL, 'amount' => self::EVIL]], 'url' => 'javascript:alert(1)',
            'reasons' => [['agrees' => self::EVIL, 'title' => self::EVIL, 'text' => self::EVIL]]]);
        $data = [
            'suggestions' => [$evil + $row], 'url' => 'https://x/"' . self::EVIL, 'review_url' => self::EVIL,
            'postings' => [array_fill_keys(['amount', 'currency', 'state_text', 'transaction_id', 'last_error'], self::EVIL)],
            'feeds' => [array_fill_keys(['tone', 'text', 'name', 'detail'], self::EVIL)], 'owed' => [['amount' => self::EVIL]],
            'open_suggestions' => self::EVIL, 'posted_this_month' => [['amount' => self::EVIL]], 'postings_stopped' => [self::EVIL],
            'installation' => self::EVIL, 'problem' => self::EVIL, 'state' => self::EVIL, 'licence' => ['state' => self::EVIL, 'problem' => self::EVIL],
        ];
        $said = Answer::kept($data, time());

        $shown = self::panels()->invoice($said) . self::panels()->client($said) . self::panels()->summary($said) . self::panels()->check($said);

        $this->assertStringNotContainsString('<script', $shown);
        $this->assertStringNotContainsString('javascript:', $shown);
        $this->assertStringContainsString('&lt;script&gt;', $shown);
    }

    public function testADecisionWithoutTheRightTokenRoleOrMethodAsksNobody(): void
    {
        $right = ['act' => 'approve', 'proposal' => self::suggestion()['id'], 'key' => str_repeat('a', 32)];
        Csrf::field();
        $token = ['payymo_csrf' => $_SESSION['payymo_csrf']];

        $this->assertStringContainsString('open for too long', self::ask(['payymo' => 'invoice', 'id' => '501'], $right));
        $this->assertStringContainsString('open for too long', self::ask(['payymo' => 'invoice', 'id' => '501'], $token + ['act' => 'delete'] + $right));
        $this->assertStringContainsString('open for too long', self::ask(['payymo' => 'invoice', 'id' => '501'], $token + ['proposal' => '../x'] + $right));
        foreach ([['act' => 'reject', 'reason' => 'because'], ['act' => 'approve', 'reason' => 'client']] as $wrong) {
            $this->assertStringContainsString('open for too long', self::ask(['payymo' => 'invoice', 'id' => '501'], $token + $wrong + $right));
        }
        $GLOBALS['harness_permissions'] = ['List Transactions'];
        $this->assertStringContainsString('does not allow', self::ask(['payymo' => 'invoice', 'id' => '501'], $token + $right));
        $this->assertSame([], array_filter(Store::log(), static fn ($line) => strpos($line->text, 'approve') !== false));
    }

    public function testWhilePayymoIsDownTheLastAnswerIsShownWithItsAgeAndNobodyWaitsTwice(): void
    {
        Kept::keep('en invoice/501/', Answer::kept(['suggestions' => [self::suggestion()]], time()));
        Capsule::table(Store::KEPT)->update(['asked_at' => time() - 3600]);

        $first = self::ask(['payymo' => 'invoice', 'id' => '501']);
        $until = Store::get('payymo_down_until');
        $second = self::ask(['payymo' => 'summary']);

        $this->assertStringContainsString('cannot be reached', $first);
        $this->assertStringContainsString('Northwind', $first);
        $this->assertStringContainsString(gmdate('Y-m-d H:i', time() - 3600), $first);
        $this->assertStringContainsString('cannot be reached', $second);
        $this->assertSame($until, Store::get('payymo_down_until'));
    }

    public function testEachProblemIsSaidInWords(): void
    {
        foreach ([0 => 'reached', 401 => 'new setup code', 403 => 'new setup code', 404 => 'not know', 500 => 'fault', 503 => 'fault', 302 => 'fault'] as $status => $words) {
            $this->assertStringContainsString($words, self::panels()->check(Answer::of($status, '', time())), (string) $status);
        }
        $bad = ['installation' => 'Main', 'state' => 'BROKEN', 'problem' => 'Access denied', 'licence' => ['state' => 'expired', 'problem' => 'It ended.']];
        $shown = self::panels()->check(Answer::kept($bad, time()));
        foreach (['cannot read this WHMCS', 'Access denied', 'licence', 'It ended.'] as $part) {
            $this->assertStringContainsString($part, $shown);
        }
    }

    public function testWhatIsKeptIsBounded(): void
    {
        for ($i = 1; $i <= 310; $i++) {
            Kept::keep("en invoice/$i/", Answer::kept(['i' => $i], 1000 + $i));
        }

        $this->assertSame(300, Capsule::table(Store::KEPT)->count());
        $this->assertNull(Kept::find('en invoice/310/'));
    }

    public function testTheContentIsInTheLanguageOfTheAdministrator(): void
    {
        $shown = (new Panels(self::words('german'), ''))->invoice(Answer::kept(['suggestions' => [self::suggestion()]], time()));

        $this->assertStringContainsString('Genehmigen', $shown);
    }

    public function testNeitherSecretIsInAnyPageOrLog(): void
    {
        $shown = self::ask(['payymo' => 'check']) . self::ask(['payymo' => 'summary']) . json_encode(Store::log()) . json_encode(Capsule::table(Store::KEPT)->get());

        $this->assertStringNotContainsString('pmk_secret', $shown);
        $this->assertStringNotContainsString('MDEy', $shown);
    }
}
