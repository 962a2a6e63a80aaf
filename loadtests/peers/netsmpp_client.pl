#!/usr/bin/perl
# Net::SMPP as a client: `netsmpp_client.pl PORT COUNT WINDOW`.
use strict;
use warnings;

use Net::SMPP;

my ($port, $count, $window) = @ARGV;
my $text = 'Dear client, your order 1234567 is ready: come and see us before the end of the week, or call.';
my ($smpp, $bound) = Net::SMPP->new_transceiver(
    '127.0.0.1',
    port              => $port,
    smpp_version      => 0x34,
    interface_version => 0x34,
    system_id         => 'shop',
    password          => 'secret',
) or die "cannot bind: $!";
for my $number (0 .. $count - 1) {
    $smpp->read_pdu() if $number >= $window;    # the module has no window
    $smpp->submit_sm(
        async            => 1,
        source_addr_ton  => 5,
        source_addr_npi  => 0,
        source_addr      => 'SHOP',
        dest_addr_ton    => 1,
        dest_addr_npi    => 1,
        destination_addr => sprintf('7705%07d', $number),
        short_message    => $text,
    );
}
$smpp->read_pdu() for 1 .. ($window < $count ? $window : $count);
$smpp->unbind();
