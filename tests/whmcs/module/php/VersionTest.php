<?php

use PHPUnit\Framework\TestCase;

/**
 * The module runs on PHP 8.1 to 8.3, wherever these tests run: its tokens are compared with what later versions brought
 * and earlier ones took away. Sources: the migration guides 8.0 to 8.4 of the PHP manual.
 */
final class VersionTest extends TestCase
{
    /** Functions that 8.1 does not have. */
    private const NEWER = [
        'ini_parse_quantity', 'memory_reset_peak_usage', 'curl_upkeep', 'openssl_cipher_key_length', 'mysqli_execute_query',
        'libxml_get_external_entity_loader', 'json_validate', 'str_increment', 'str_decrement', 'mb_str_pad',
        'stream_context_set_options', 'socket_atmark', 'posix_sysconf', 'array_find', 'array_find_key', 'array_any', 'array_all',
        'mb_trim', 'mb_ltrim', 'mb_rtrim', 'mb_ucfirst', 'mb_lcfirst', 'bcdivmod', 'bcround', 'fpow', 'request_parse_body',
        'http_get_last_response_headers', 'http_clear_last_response_headers', 'array_first', 'array_last',
    ];
    /** Functions that are gone, or that 8.1, 8.2 or 8.3 warn of. */
    private const OLDER = [
        'each', 'create_function', 'money_format', 'get_magic_quotes_gpc', 'restore_include_path', 'strftime', 'gmstrftime',
        'strptime', 'date_sunrise', 'date_sunset', 'mhash', 'utf8_encode', 'utf8_decode', 'assert_options', 'mysqli_ping',
        'libxml_disable_entity_loader', 'lcg_value', 'odbc_result_all',
    ];

    public static function files(): iterable
    {
        $found = new RecursiveIteratorIterator(new RecursiveDirectoryIterator(MODULE, FilesystemIterator::SKIP_DOTS));
        foreach ($found as $file) {
            if ($file->getExtension() === 'php') {
                yield substr($file->getPathname(), strlen(MODULE) + 1) => [$file->getPathname()];
            }
        }
    }

    /** @dataProvider files */
    public function testAFileUsesNothingThatOneOfTheVersionsLacks(string $file): void
    {
        $this->assertSame([], self::problems((string) file_get_contents($file)));
    }

    public static function samples(): iterable
    {
        yield ['final readonly class A {}', 'readonly class'];
        yield ['class A { const string B = "b"; }', 'typed constant'];
        yield ['class A { public const ?int B = 1; }', 'typed constant'];
        yield ['function f(): true { return true; }', 'true as a type'];
        yield ['function f(): null { return null; }', 'null as a type'];
        yield ['function f((A&B)|null $x) {}', 'parentheses in a type'];
        yield ['echo A::{$name};', 'class constant by name'];
        yield ['function f() { static $x = g(); }', 'static variable from a call'];
        yield ['class A { public private(set) int $b; }', 'visibility of setting'];
        yield ['class A { public int $b { get => 1; } }', 'property hook'];
        yield ['json_validate("[]");', 'json_validate'];
        yield ['echo utf8_encode("x");', 'utf8_encode'];
        yield ['echo "${x}";', '${} in a text'];
        yield ['class A { function b() { return get_class(); } }', 'get_class without an object'];
        yield ['function f(int $x = null) {}', 'nullable without saying so'];
        yield ['$x = fn (A $y, string $z = null) => 1;', 'nullable without saying so'];
    }

    /** @dataProvider samples */
    public function testWhatAVersionLacksIsFound(string $code, string $problem): void
    {
        $this->assertContains($problem, self::problems("<?php\n$code"));
    }

    public function testWhatAllVersionsHaveIsLeftAlone(): void
    {
        $code = '<?php enum E: string { case A = "a"; } final class B { const C = 1; private const D = [1]; public function __construct('
            . 'private readonly ?int $e = null, public readonly int|null $f = null, ?A $g = null) {} public static function h(): static { static $i = 0;'
            . ' return new self(); } public function get_class(): ?bool { return get_class($this) === A::$b && $this->each(); } function j(?int $k): int|false'
            . ' { return $k ?: false; } } $l = match (true) { default => strlen(...) }; switch ($m) { case 1: break; } echo "{$n}";';

        $this->assertSame([], self::problems($code));
    }

    /** @return list<string> what one of the versions lacks */
    private static function problems(string $code): array
    {
        $tokens = array_values(array_filter(PhpToken::tokenize($code), static fn (PhpToken $one): bool => !$one->isIgnorable()));
        $found = [];
        foreach ($tokens as $at => $token) {
            $next = array_slice($tokens, $at + 1, 4);
            $before = $tokens[$at - 1] ?? null;
            $found[] = self::syntax($token, $before, $next, $tokens, $at);
            $isCall = $token->is(T_STRING) && ($next[0] ?? null)?->text === '('
                && !$before?->is([T_OBJECT_OPERATOR, T_NULLSAFE_OBJECT_OPERATOR, T_DOUBLE_COLON, T_FUNCTION, T_NEW]);
            $name = strtolower($token->text);
            if ($isCall && in_array($name, [...self::NEWER, ...self::OLDER], true)) {
                $found[] = $name;
            }
            if ($isCall && in_array($name, ['get_class', 'get_parent_class'], true) && $next[1]->text === ')') {
                $found[] = "$name without an object";
            }
        }
        return array_values(array_unique(array_filter($found)));
    }

    /** @param list<PhpToken> $next @param list<PhpToken> $tokens */
    private static function syntax(PhpToken $token, ?PhpToken $before, array $next, array $tokens, int $at): string
    {
        $text = strtolower($token->text);
        $follows = strtolower(implode(' ', array_map(static fn (PhpToken $one): string => $one->text, $next)));
        switch (true) {
            case $token->is(T_READONLY) && preg_match('/^((final|abstract) )*class\b/', $follows) === 1:
                return 'readonly class';
            case $token->is(T_CONST) && preg_match('/^(\? )?[\w\\\\]+ (\w+ =|\|)/', $follows) === 1:
                return 'typed constant';
            case in_array($text, ['true', 'null', 'false'], true) && $before?->text === ':' && ($tokens[$at - 2] ?? null)?->text === ')'
                && in_array($next[0]->text ?? '', ['{', ';', '=>'], true) && self::isSignature($tokens, $at - 2):
                return "$text as a type";
            case $token->text === ')' && ($next[0] ?? null)?->text === '|' && ($next[2] ?? null)?->is(T_VARIABLE):
                return 'parentheses in a type';
            case $token->is(T_DOUBLE_COLON) && ($next[0] ?? null)?->text === '{':
                return 'class constant by name';
            case $token->is(T_STATIC) && preg_match('/^\$\w+ = [\w\\\\]+ \(/', $follows . ' ' . ($tokens[$at + 5]->text ?? '')) === 1:
                return 'static variable from a call';
            case in_array($text, ['public', 'private', 'protected'], true) && str_starts_with($follows, '( set )'):
                return 'visibility of setting';
            case $token->is(T_VARIABLE) && ($next[0] ?? null)?->text === '{' && preg_match('/^\{ (get|set|&)\b/', $follows) === 1:
                return 'property hook';
            case $token->is(T_DOLLAR_OPEN_CURLY_BRACES):
                return '${} in a text';
            case $token->is(T_VARIABLE) && str_starts_with($follows, '= null') && self::isPlainlyTyped($tokens, $at):
                return 'nullable without saying so';
            default:
                return '';
        }
    }

    /** Whether the parenthesis that closes at $end belongs to a function, and not to a `case` or a ternary. @param list<PhpToken> $tokens */
    private static function isSignature(array $tokens, int $end): bool
    {
        for ($depth = 0, $at = $end; $at >= 0; $at--) {
            $depth += ['(' => -1, ')' => 1][$tokens[$at]->text] ?? 0;
            if ($depth === 0) {
                return $tokens[$at - 1]->is([T_FUNCTION, T_FN]) || ($tokens[$at - 2] ?? null)?->is(T_FUNCTION) === true;
            }
        }
        return false;
    }

    /** Whether a parameter has a type that does not name null. @param list<PhpToken> $tokens */
    private static function isPlainlyTyped(array $tokens, int $at): bool
    {
        $type = $tokens[$at - 1] ?? null;
        if ($type === null || !$type->is([T_STRING, T_NAME_QUALIFIED, T_NAME_FULLY_QUALIFIED, T_ARRAY, T_CALLABLE]) || strtolower($type->text) === 'mixed') {
            return false;
        }
        $first = $at - 1;
        $names = [strtolower($type->text)];
        while ($tokens[$first - 1]->text === '|') {
            $first -= 2;
            $names[] = strtolower($tokens[$first]->text);
        }
        return $tokens[$first - 1]->text !== '?' && !in_array('null', $names, true);
    }
}
