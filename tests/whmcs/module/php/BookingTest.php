<?php

use PHPUnit\Framework\TestCase;
use WHMCS\Database\Capsule;
use WHMCS\Module\Addon\Payymo\Connection;
use WHMCS\Module\Addon\Payymo\Door;
use WHMCS\Module\Addon\Payymo\Queue;
use WHMCS\Module\Addon\Payymo\Signer;
use WHMCS\Module\Addon\Payymo\Store;

final class BookingTest extends TestCase
{
    private const SECRET = 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=';
    private const NOW = 1700000000;
    private const PAYMENT = [
        'invoiceid' => '501', 'transid' => 'PM-1', 'gateway' => 'banktransfer', 'date' => '2026-11-18 12:00:00', 'amount' => '50.00',
    ];

    protected function setUp(): void
    {
        Store::remove();
        foreach (['tbladdonmodules', 'tblinvoices', 'tblaccounts'] as $table) {
            Capsule::table($table)->delete();
        }
        $_SESSION = $_POST = [];
        $GLOBALS['harness_permissions'] = [];
        $this->hooks = $GLOBALS['harness_hooks'];
        payymo_activate();
        $told = ['url' => 'https://acme.example', 'installation' => 'i-1', 'key' => 'k', 'secret' => self::SECRET];
        Connection::take('payymo1.' . rtrim(strtr(base64_encode(json_encode($told)), '+/', '-_'), '='));
        Capsule::table('tblinvoices')->insert(['id' => 501, 'userid' => 7, 'total' => 50]);
    }

    protected function tearDown(): void
    {
        $GLOBALS['harness_hooks'] = $this->hooks;
    }

    private array $hooks;

    private static function knock(array $changes = [], array $told = [], string $secret = self::SECRET, int $at = self::NOW, string $method = 'POST'): array
    {
        $body = json_encode($told + ['action' => 'book', 'installation' => 'i-1', 'payment' => $changes + self::PAYMENT]);
        $server = [];
        foreach (Signer::headers($secret, 'm1', $body, $at) as $header) {
            [$name, $value] = explode(': ', $header);
            $server['HTTP_' . strtoupper(strtr($name, '-', '_'))] = $value;
        }
        [$status, $answer] = Door::answer($method, $server, $body, self::NOW);
        return [$status, $answer['code'] ?? ($answer['repeated'] ? 'repeated' : 'booked')];
    }

    private static function booked(): array
    {
        return Capsule::table('tblaccounts')->get()->map(static fn ($row) => [(int) $row->invoiceid, $row->transid, $row->amountin])->all();
    }

    public function testAPaymentIsBookedOnceAndARepetitionHearsTheSame(): void
    {
        $this->assertSame([200, 'booked'], self::knock());
        $this->assertSame([200, 'repeated'], self::knock());
        $this->assertSame([[501, 'PM-1', '50.00']], self::booked());
    }

    public function testAnotherPaymentUnderTheSameIdIsRefused(): void
    {
        self::knock();

        $this->assertSame([409, 'key_reused'], self::knock(['amount' => '49.00']));
        $this->assertSame([409, 'key_reused'], self::knock(['invoiceid' => '502']));
        $this->assertCount(1, self::booked());
    }

    public function testWhatWhmcsBookedWithoutTheModuleIsNotBookedAgain(): void
    {
        localAPI('AddInvoicePayment', self::PAYMENT);

        $this->assertSame([200, 'repeated'], self::knock());
        $this->assertCount(1, self::booked());
    }

    public function testARefusalLeavesNothingBehindAndMayBeTriedAgain(): void
    {
        Capsule::table('tblinvoices')->delete();
        $this->assertSame([422, 'refused'], self::knock());
        $this->assertSame(0, Capsule::table(Store::POSTINGS)->count());

        Capsule::table('tblinvoices')->insert(['id' => 501, 'userid' => 7, 'total' => 50]);
        $this->assertSame([200, 'booked'], self::knock());
    }

    public function testABreakInTheMiddleTakesTheBookingBackWithItsRow(): void
    {
        add_hook('AddInvoicePayment', 1, static function (): void {
            throw new RuntimeException('a hook of somebody else');
        });
        $this->assertSame([500, 'broken'], self::knock());
        $this->assertSame([[], 0], [self::booked(), Capsule::table(Store::POSTINGS)->count()]);

        $GLOBALS['harness_hooks'] = $this->hooks;
        $this->assertSame([200, 'booked'], self::knock());
    }

    public function testAHookThatEndsTheTransactionLeavesTheBookingAndItsRow(): void
    {
        add_hook('AddInvoicePayment', 1, static fn () => Capsule::connection()->getPdo()->commit());

        $this->assertSame([200, 'booked'], self::knock());
        $this->assertSame([200, 'repeated'], self::knock());
        $this->assertCount(1, self::booked());
    }

    public function testOnlyThePairedPayymoIsHeardAndNotForLong(): void
    {
        $other = 'whsec_' . base64_encode(str_repeat('x', 32));
        $this->assertSame([401, 'bad_signature'], self::knock([], [], $other));
        $this->assertSame([401, 'bad_signature'], self::knock([], [], self::SECRET, self::NOW - 301));
        $this->assertSame([401, 'bad_signature'], self::knock([], [], self::SECRET, self::NOW + 301));
        $this->assertSame([400, 'unreadable'], self::knock([], [], self::SECRET, self::NOW, 'GET'));
        $this->assertSame([400, 'unreadable'], self::knock([], ['installation' => 'i-2']));
        $this->assertSame([401, 'bad_signature'], [Door::answer('POST', [], '{}', self::NOW)[0], Door::answer('POST', [], '{}', self::NOW)[1]['code']]);
        $this->assertSame([], self::booked());
    }

    public function testWhatIsNoWholePaymentIsNotBooked(): void
    {
        foreach (
            [
                ['amount' => ''], ['amount' => '0.00'], ['amount' => '-1.00'], ['amount' => '50'], ['amount' => 50.0], ['invoiceid' => '0'],
                ['transid' => ''], ['transid' => "PM-1\n"], ['gateway' => ''], ['date' => ''], ['userid' => '7'],
            ] as $changes
        ) {
            $this->assertSame([400, 'unreadable'], self::knock($changes), json_encode($changes));
        }
        $this->assertSame([], self::booked());
    }

    public function testAnOlderInstallationGoesOnUntilItIsUpgradedAndBooksAfterwards(): void
    {
        foreach ([Store::POSTINGS, Store::KEPT] as $table) {
            Capsule::schema()->drop($table);
        }
        Capsule::table(Store::SETTINGS)->where('name', 'active')->delete();
        $_SESSION['adminid'] = 3;
        $GLOBALS['harness_permissions'] = ['List Transactions'];

        fire('InvoicePaid', ['invoiceid' => 501]);
        $this->assertStringContainsString('payymo-box', $GLOBALS['harness_hooks']['AdminInvoicesControlsOutput'][0](['invoiceid' => 501]));
        $this->assertSame([409, 'off'], self::knock());
        payymo_upgrade(['version' => '1.0.0']);

        $this->assertSame([200, 'booked'], self::knock());
        $this->assertSame(['InvoicePaid', 'https://acme.example'], [Queue::oldest(1)[0]->kind, Connection::current()->url]);
    }

    public function testADeactivatedModuleAndOneThatMayNotBookNothing(): void
    {
        Capsule::table('tbladdonmodules')->insert(['module' => 'payymo', 'setting' => 'no_booking', 'value' => 'on']);
        $this->assertSame([409, 'off'], self::knock());

        Capsule::table('tbladdonmodules')->delete();
        payymo_deactivate();
        $this->assertSame([409, 'off'], self::knock());
        payymo_activate();
        $this->assertSame([200, 'booked'], self::knock());
    }
}
