<?php

use PHPUnit\Framework\TestCase;
use WHMCS\Database\Capsule;
use WHMCS\Module\Addon\Payymo\Connection;
use WHMCS\Module\Addon\Payymo\Guard;
use WHMCS\Module\Addon\Payymo\Reference;
use WHMCS\Module\Addon\Payymo\Store;

final class GuardTest extends TestCase
{
    private const OVERDUE = ['messagename' => 'First Invoice Overdue Notice', 'relid' => 501];
    private const SERVICE = ['params' => ['userid' => 7, 'serviceid' => 3]];

    protected function setUp(): void
    {
        Store::remove();
        Capsule::table('tbladdonmodules')->delete();
        Capsule::table('tblinvoices')->delete();
        $_SESSION = $GLOBALS['harness_activity'] = [];
        payymo_activate();
        foreach ([501 => 7, 502 => 8, 503 => 7] as $invoice => $client) {
            $method = $invoice === 503 ? 'stripe' : 'banktransfer';
            Capsule::table('tblinvoices')->insert(['id' => $invoice, 'userid' => $client, 'status' => 'Unpaid', 'paymentmethod' => $method]);
        }
    }

    /** What Payymo would have told, taken as the cron job takes it. */
    private static function told(array $holds, int $staleUntil = 0, ?int $now = null): void
    {
        $take = new ReflectionMethod(Guard::class, 'take');
        $take->setAccessible(true);
        $take->invoke(null, [
            'installation_number' => 1, 'bank_gateway' => 'banktransfer', 'stale_until' => $staleUntil, 'holds' => $holds,
        ], $now ?? time());
    }

    private static function hold(array $changes = []): array
    {
        return $changes + ['client_id' => 7, 'invoice_id' => 501, 'reason' => 'review', 'until' => time() + 3600];
    }

    private static function option(string $name): void
    {
        Capsule::table('tbladdonmodules')->insert(['module' => 'payymo', 'setting' => $name, 'value' => 'on']);
    }

    public function testAWaitingPaymentHoldsMailsAndServicesOfItsClientAlone(): void
    {
        self::told([self::hold()]);

        $this->assertSame(['abortcmd' => true], ask('PreModuleSuspend', self::SERVICE));
        $this->assertSame(['abortcmd' => true], ask('PreModuleTerminate', self::SERVICE));
        $this->assertSame(['abortCancel' => true], ask('PreInvoiceAutomaticCancellation', ['invoiceid' => 501]));
        $this->assertTrue(ask('EmailPreSend', self::OVERDUE)['abortsend']);
        $this->assertSame([], ask('PreModuleSuspend', ['params' => ['userid' => 8, 'serviceid' => 4]]));
        $this->assertArrayNotHasKey('abortsend', ask('EmailPreSend', ['relid' => 502] + self::OVERDUE));
        $this->assertArrayNotHasKey('abortsend', ask('EmailPreSend', ['messagename' => 'Invoice Created', 'relid' => 501]));
    }

    public function testAHoldEndsAtItsLimitAndWithTheDecision(): void
    {
        self::told([self::hold(['until' => time() + 60])]);
        $this->assertSame('review', Guard::reason(7, time() + 59));
        $this->assertSame('', Guard::reason(7, time() + 61));

        self::told([]);
        $this->assertSame([], ask('PreModuleSuspend', self::SERVICE));
        $this->assertSame(0, Capsule::table(Store::HOLDS)->count());
    }

    public function testEachHoldIsSeenInTheActivityLogAndOnTheClientsPage(): void
    {
        self::told([self::hold(['reason' => 'posting'])]);
        self::told([self::hold(['reason' => 'posting'])]);
        ask('PreModuleSuspend', self::SERVICE);
        $shown = implode('', ask('AdminAreaClientSummaryPage', ['userid' => 7]));
        self::told([]);

        $this->assertStringContainsString('approved and not booked yet', $shown);
        $this->assertSame('', Guard::notice(7));
        $this->assertSame([
            [7, 'Payymo holds overdue notices, suspension and termination: a likely payment waits.'],
            [7, 'Payymo held the suspension of service 3: a payment is approved and not booked yet'],
            [7, 'Payymo no longer holds overdue notices, suspension and termination.'],
        ], $GLOBALS['harness_activity']);
    }

    public function testALateFeedHoldsThoseWhoOweByTransferUntilItsLimit(): void
    {
        Capsule::table('tblinvoices')->where('id', 502)->update(['paymentmethod' => 'stripe']);
        self::told([], time() + 60);

        $this->assertSame('stale', Guard::reason(7));
        $this->assertSame(['', ''], [Guard::reason(8), Guard::reason(7, time() + 61)]);
    }

    public function testTheOwnerSwitchesItOffAndAPersonIsNotHeld(): void
    {
        self::told([self::hold()]);
        $_SESSION['adminid'] = 1;
        $this->assertSame([], ask('PreModuleSuspend', self::SERVICE));

        $_SESSION = [];
        self::option('no_guard');
        $this->assertSame([], ask('PreModuleSuspend', self::SERVICE));
        $this->assertSame('', Guard::reason(7));
    }

    public function testWithoutPayymoNothingNewIsHeldAndNothingBreaks(): void
    {
        $told = ['url' => 'http://127.0.0.1:9', 'installation' => 'i', 'key' => 'k', 'secret' => 'whsec_AAAA'];
        Connection::take('payymo1.' . base64_encode(json_encode($told)));
        self::told([self::hold()]);

        fire('AfterCronJob');
        $this->assertSame('review', Guard::reason(7));

        Store::remove();
        ini_set('error_log', '/dev/null');
        $this->assertSame([], ask('PreModuleSuspend', self::SERVICE));
        $this->assertSame([], ask('ClientAreaPageViewInvoice', ['invoiceid' => 501, 'status' => 'Unpaid']));
    }

    public function testWhatIsNoHoldIsNotTaken(): void
    {
        self::told([self::hold(['client_id' => 0]), self::hold(['invoice_id' => 'x']), self::hold(['until' => time() - 1]), []]);

        $this->assertSame(0, Capsule::table(Store::HOLDS)->count());
    }

    public function testTheReferenceIsTheOneThatTheMatcherReads(): void
    {
        $this->assertSame('RF53PM1X10234', Reference::of(1, 10234));
        $this->assertSame('RF03PM12X7', Reference::of(12, 7));
        $this->assertSame('RF54PM999999X999999999999', Reference::of(999999, 999999999999));
        $this->assertSame(['', '', ''], [Reference::of(0, 5), Reference::of(5, 0), Reference::of(1000000, 5)]);
        $this->assertSame('RF53 PM1X 1023 4', Reference::printed('RF53PM1X10234'));
    }

    public function testAnInvoiceShowsTheReferenceAndThatAPaymentIsBeingMatched(): void
    {
        self::told([self::hold()]);

        $page = ask('ClientAreaPageViewInvoice', ['invoiceid' => 501, 'status' => 'Unpaid', 'paymentbutton' => 'Our bank', 'language' => 'german']);

        $this->assertTrue($page['payymo_matching']);
        $this->assertSame(Reference::of(1, 501), $page['payymo_reference']);
        $this->assertStringStartsWith('Our bank<div class="alert alert-info" role="status">Eine Zahlung', $page['paymentbutton']);
        $this->assertStringContainsString(Reference::printed(Reference::of(1, 501)), $page['paymentbutton']);
        $this->assertSame(['payymo_reference' => Reference::printed(Reference::of(1, 502))],
            ask('EmailPreSend', ['messagename' => 'Invoice Created', 'relid' => 502]));
    }

    public function testAPaidInvoiceOneByCardAndAHostWhoWantsNoneShowNoReference(): void
    {
        $this->assertSame('', ask('ClientAreaPageViewInvoice', ['invoiceid' => 501, 'status' => 'Unpaid'])['payymo_reference']);
        self::told([]);

        $this->assertSame([], ask('ClientAreaPageViewInvoice', ['invoiceid' => 501, 'status' => 'Paid']));
        $this->assertSame('', ask('ClientAreaPageViewInvoice', ['invoiceid' => 503, 'status' => 'Unpaid'])['payymo_reference']);
        self::option('no_reference');
        $page = ask('ClientAreaPageViewInvoice', ['invoiceid' => 501, 'status' => 'Unpaid', 'language' => '../../../etc/passwd']);
        $this->assertSame(['payymo_matching' => false, 'payymo_reference' => ''], $page);
    }

    public function testAPageCostsFarLessThanFiftyMillisecondsWithThousandsHeld(): void
    {
        self::told(array_map(static fn (int $one): array => self::hold(['client_id' => $one, 'invoice_id' => $one]), range(1, 2000)));

        $began = microtime(true);
        for ($i = 1; $i <= 50; $i++) {
            ask('ClientAreaPageViewInvoice', ['invoiceid' => 501, 'status' => 'Unpaid']);
            ask('PreModuleSuspend', ['params' => ['userid' => $i + 3000]]);
        }

        $this->assertLessThan(0.05, (microtime(true) - $began) / 50);
    }
}
