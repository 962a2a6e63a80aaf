<?php
// PHP 8.1, nothing else: php sms_test.php. The emulator is a subprocess, or what SMSC_API, SMSC_HOST and SMSC_PORT name.
declare(strict_types=1);

$account = 'test-' . getmypid(); // a namespace of its own
$host = getenv('SMSC_HOST') ?: '127.0.0.1';
$port = (int) (getenv('SMSC_PORT') ?: 2775);
$api = getenv('SMSC_API') ?: null;
$emulator = null;

function check(bool $holds, string $otherwise): void
{
    if (!$holds) {
        throw new RuntimeException($otherwise);
    }
}

function ask(string $path, array $body): array
{
    global $api;
    $headers = ['Content-Type: application/json'];
    if ($token = getenv('SMSC_TOKEN')) {
        $headers[] = "Authorization: Bearer $token";
    }
    $options = ['method' => 'POST', 'header' => $headers, 'content' => json_encode($body), 'ignore_errors' => true];
    $answer = file_get_contents($api . $path, false, stream_context_create(['http' => $options]));
    check((bool) preg_match('/ 2\d\d /', $http_response_header[0]), $answer); // what came closest is in it
    return json_decode($answer ?: '{}', true);
}

// --- your program, as far as this test is concerned: bind_transceiver, submit_sm, unbind, octet by octet

function exchange($socket, int $command, int $sequence, string $body): int
{
    fwrite($socket, pack('N4', 16 + strlen($body), $command, 0, $sequence) . $body);
    while (true) {
        [, $length, $id, $status, $number] = unpack('N4', stream_get_contents($socket, 16));
        if ($length > 16) {
            stream_get_contents($socket, $length - 16);
        }
        if ($id === ($command | 0x80000000) && $number === $sequence) {
            return $status;
        }
    }
}

function send(string $to, string $text): int
{
    global $account, $host, $port;
    $socket = stream_socket_client("tcp://$host:$port");
    check(exchange($socket, 0x09, 1, "$account\0secret\0\0\x34\0\0\0") === 0, 'the bind was refused');
    $submit = "\0\x05\0SHOP\0\x01\x01$to\0" . "\0\0\0\0\0\x01\0\0\0" . chr(strlen($text)) . $text;
    $status = exchange($socket, 0x04, 2, $submit);
    exchange($socket, 0x06, 3, '');
    fclose($socket);
    return $status;
}

// --- the test

if ($api === null) {
    $journal = sys_get_temp_dir() . "/smsc-$account.sqlite";
    $command = ['smsc', 'serve', '--port', '0', '--http', '0', '--journal', $journal, '--quiet', '--until-eof'];
    $emulator = proc_open($command, [['pipe', 'r'], ['pipe', 'w']], $pipes);
    check((bool) preg_match('~ready on (.+):(\d+) .* inbox at (\S+)/~', fgets($pipes[1]), $says), 'it did not start');
    [, $host, $port, $api] = $says;
}
try {
    check(send('77011234567', 'Your order 17 is ready') === 0, 'the message was refused');
    $filters = ['system_id' => $account, 'to' => '77011234567', 'state' => 'DELIVRD'];
    $found = ask('/api/messages/wait', ['filters' => $filters, 'timeout' => 10]);
    check($found['items'][0]['text'] === 'Your order 17 is ready', json_encode($found));
    ask('/api/messages/verify', ['filters' => ['system_id' => $account], 'equals' => 1]);
    echo "passed: an order is confirmed\n";
} finally {
    ask('/api/reset', ['system_id' => $account]);
    if ($emulator !== null) {
        proc_terminate($emulator);
    }
}
