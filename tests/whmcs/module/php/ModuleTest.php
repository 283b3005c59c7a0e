<?php

use PHPUnit\Framework\TestCase;
use WHMCS\Database\Capsule;
use WHMCS\Module\Addon\Payymo\Connection;
use WHMCS\Module\Addon\Payymo\Csrf;
use WHMCS\Module\Addon\Payymo\Events;
use WHMCS\Module\Addon\Payymo\Queue;
use WHMCS\Module\Addon\Payymo\Sender;
use WHMCS\Module\Addon\Payymo\Signer;
use WHMCS\Module\Addon\Payymo\Store;

final class ModuleTest extends TestCase
{
    private const SECRET = 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=';

    protected function setUp(): void
    {
        Store::remove();
        Capsule::table('tbladdonmodules')->delete();
        $_SESSION = ['adminid' => 3];
        $_GET = $_POST = [];
        $GLOBALS['harness_permissions'] = ['Configure General Settings'];
        $_SERVER['REQUEST_METHOD'] = 'GET';
        payymo_activate();
    }

    private static function code(string $url = 'https://acme.example'): string
    {
        $told = ['url' => $url, 'installation' => 'i-1', 'key' => 'pmk_secret', 'secret' => self::SECRET];
        return 'payymo1.' . rtrim(strtr(base64_encode(json_encode($told)), '+/', '-_'), '=');
    }

    private static function page(array $post = [], string $tab = 'connection'): string
    {
        $_GET = ['tab' => $tab];
        if ($post !== []) {
            $_SERVER['REQUEST_METHOD'] = 'POST';
            $_POST = $post;
        }
        ob_start();
        payymo_output(['modulelink' => 'addonmodules.php?module=payymo', 'version' => '1.0.0', '_lang' => []]);
        return (string) ob_get_clean();
    }

    private static function token(): string
    {
        preg_match('/name="payymo_csrf" value="([0-9a-f]{64})"/', self::page(), $found);
        return $found[1];
    }

    public function testConfigSaysWhatWhmcsAsksFor(): void
    {
        $this->assertSame(['name', 'description', 'version', 'author', 'language', 'fields'], array_keys(payymo_config()));
        $this->assertSame(json_decode(file_get_contents(MODULE . '/whmcs.json'), true)['version'], Store::VERSION);
    }

    public function testActivatingTwiceAndUpgradingKeepTheData(): void
    {
        Queue::put('InvoicePaid', ['invoice_id' => 1]);

        $this->assertSame('success', payymo_activate()['status']);
        payymo_upgrade(['version' => '0.9.10']);

        $this->assertSame(1, Queue::size());
    }

    public function testDeactivatingKeepsTheDataUnlessTheOwnerAskedToForgetIt(): void
    {
        Queue::put('InvoicePaid', ['invoice_id' => 1]);
        payymo_deactivate();
        $this->assertSame(1, Queue::size());

        Capsule::table('tbladdonmodules')->insert(['module' => 'payymo', 'setting' => 'forget', 'value' => 'on']);
        payymo_deactivate();
        $this->assertFalse(Capsule::schema()->hasTable(Store::EVENTS));
    }

    public function testHooksSurviveMissingTables(): void
    {
        Store::remove();
        ini_set('error_log', '/dev/null');

        fire('InvoicePaid', ['invoiceid' => 1]);
        fire('AfterCronJob');

        $this->assertFalse(Capsule::schema()->hasTable(Store::EVENTS));
    }

    public function testNothingButNumbersAndATransactionIdIsEverQueued(): void
    {
        $secrets = ['password' => 'hunter2', 'email' => 'a@b.example', 'firstname' => 'Ada', 'cardnum' => '4242', 'authdata' => 'seed'];
        fire('ClientAdd', ['client_id' => 7, 'user_id' => 3] + $secrets);
        fire('ClientEdit', ['userid' => 7, 'olddata' => $secrets] + $secrets);
        fire('AddTransaction', ['id' => 9, 'userid' => 7, 'invocieid' => 12, 'transid' => 'T-1', 'description' => 'Ada'] + $secrets);
        fire('InvoicePaid', ['invoiceid' => '12', 'invoice' => new stdClass()] + $secrets);
        fire('AfterClientMerge', ['toUserID' => 7, 'fromUserID' => 8]);

        $queued = array_map(static fn ($row) => [$row->kind, json_decode($row->data, true)], Queue::oldest(100));
        $this->assertSame([
            ['ClientAdd', ['client_id' => 7]],
            ['ClientEdit', ['client_id' => 7]],
            ['AddTransaction', ['invoice_id' => 12, 'client_id' => 7, 'transaction_id' => 'T-1']],
            ['InvoicePaid', ['invoice_id' => 12]],
            ['AfterClientMerge', ['client_id' => 7]],
            ['AfterClientMerge', ['client_id' => 8]],
        ], $queued);
    }

    public function testAHookWithoutANumberQueuesNothing(): void
    {
        $this->assertSame([], Events::of('InvoicePaid', ['invoiceid' => ['x']]));
        fire('InvoicePaid', []);
        $this->assertSame(0, Queue::size());
    }

    public function testTheQueueIsBoundedAndDropsTheOldest(): void
    {
        Capsule::table(Store::EVENTS)->insert(['id' => 1, 'event_id' => 'old', 'kind' => 'X', 'data' => '{}', 'happened_at' => 1]);
        Capsule::table(Store::EVENTS)->insert(['id' => Queue::MOST + 49, 'event_id' => 'x', 'kind' => 'X', 'data' => '{}', 'happened_at' => 1]);

        Queue::put('InvoicePaid', ['invoice_id' => 1]);

        $this->assertSame(['x', 'InvoicePaid'], [Queue::oldest(9)[0]->event_id, Queue::oldest(9)[1]->kind]);
    }

    public function testAHookCostsAPageFarLessThanFiftyMilliseconds(): void
    {
        fire('InvoicePaid', ['invoiceid' => 1]);
        $began = microtime(true);
        for ($i = 0; $i < 100; $i++) {
            fire('InvoicePaid', ['invoiceid' => 1]);
        }

        $this->assertLessThan(0.05, (microtime(true) - $began) / 100);
    }

    public function testASetupCodeIsKeptEncryptedAndShownNowhere(): void
    {
        $shown = self::page(['payymo_csrf' => self::token(), 'setup_code' => self::code()]);

        $this->assertSame('https://acme.example', Connection::current()->url);
        $stored = json_encode(Capsule::table(Store::SETTINGS)->get()) . json_encode(Store::log());
        foreach ([self::SECRET, 'pmk_secret', self::code()] as $secret) {
            $this->assertStringNotContainsString($secret, $stored . $shown . self::page() . self::page([], 'log'));
        }
    }

    public function testAFormWithoutTheRightTokenChangesNothing(): void
    {
        self::token();

        foreach (['', 'wrong', ['x']] as $token) {
            self::page(['payymo_csrf' => $token, 'setup_code' => self::code()]);
        }
        $this->assertNull(Connection::current());
        $_SESSION = [];
        $this->assertFalse(Csrf::isRight());
    }

    public function testAWrongCodeKeepsTheConnectionThatIsThere(): void
    {
        Connection::take(self::code());
        foreach (['', 'payymo1.???', 'payymo1.e30', self::code('http://acme.example'), self::code('ftp://x')] as $wrong) {
            $this->assertNull(Connection::take($wrong));
        }
        $this->assertSame('https://acme.example', Connection::current()->url);
    }

    public function testWhatIsPrintedIsEscapedAndNotTwice(): void
    {
        Store::note('<script>alert(1)</script> &amp; more');

        $this->assertStringContainsString('&lt;script&gt;alert(1)&lt;/script&gt; &amp; more', self::page([], 'log'));
    }

    public function testARoleThatMayNotConfigureConnectsNothing(): void
    {
        $GLOBALS['harness_permissions'] = ['List Transactions', 'Manage Invoice'];

        $shown = self::page(['payymo_csrf' => self::token(), 'setup_code' => self::code()]);

        $this->assertStringContainsString('may_not_connect', $shown);
        $this->assertNull(Connection::current());
    }

    public function testTheSignatureIsThatOfTheStandard(): void
    {
        $headers = Signer::headers('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_p5jXN8AQM9LWM0D4loKWxJek', '{"test": 2432232314}', 1614265330);

        $this->assertSame('webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=', $headers[2]);
    }

    public function testAnUnreachablePayymoKeepsTheQueueAndIsLeftAloneForLonger(): void
    {
        Connection::take(self::code('http://127.0.0.1:9'));
        Queue::put('InvoicePaid', ['invoice_id' => 1]);

        $this->assertSame(0, (new Sender())->run(1000));
        $this->assertSame('1060', Store::get('next_try'));
        (new Sender())->run(1059);
        $this->assertSame('1', Store::get('failures'));
        (new Sender())->run(1060);
        $this->assertSame(['2', '1180', 1], [Store::get('failures'), Store::get('next_try'), Queue::size()]);
    }

    public function testBothLanguagesHaveTheSameTextsAndThePageUsesNoOther(): void
    {
        $words = [];
        foreach (['english', 'german'] as $language) {
            $_ADDONLANG = [];
            include MODULE . "/lang/$language.php";
            $words[$language] = array_keys($_ADDONLANG);
        }
        $code = implode('', array_map('file_get_contents', glob(MODULE . '/lib/{Page,Panels,Ajax,Answer}.php', GLOB_BRACE)));
        preg_match_all("/(?:->of|failed)\\('([a-z_]+)'/", $code, $used);

        $this->assertSame($words['english'], $words['german']);
        $this->assertContains('connect', $used[1]);
        $this->assertContains('unreachable', $used[1]);
        $this->assertSame([], array_diff($used[1], $words['english']));
    }

    public function testEveryFileLeavesAtOnceOutsideWhmcs(): void
    {
        foreach (new RecursiveIteratorIterator(new RecursiveDirectoryIterator(MODULE, FilesystemIterator::SKIP_DOTS)) as $file) {
            if ($file->getExtension() === 'php') {
                $this->assertStringContainsString("if (!defined('WHMCS'))", file_get_contents($file->getPathname()), (string) $file);
            }
        }
    }
}
