#!/usr/bin/perl
# An SMSC made of Net::SMPP: `netsmpp_server.pl PORT`. One process for each connection, as in the module's own smsc.pl;
# the receipt follows its response at once.
use strict;
use warnings;

use Net::SMPP;

my $listener = Net::SMPP->new_listen(
    'localhost',
    smpp_version      => 0x34,
    interface_version => 0x34,
    port              => $ARGV[0],
    Reuse             => 1,
) or die "cannot listen: $!";
$SIG{CHLD} = 'IGNORE';
my $session;
while (1) {
    $session = $listener->accept or next;
    my $child = fork;
    die "cannot fork: $!" unless defined $child;
    last unless $child;
    close $session;
}
close $listener;

my $number = ($$ % 10_000) * 100_000;
while (my $pdu = $session->read_pdu()) {
    my $command = $pdu->{cmd};
    if ($command == 0x00000009) {
        $session->set_version(0x34);
        my $known = $pdu->{system_id} eq 'shop' && $pdu->{password} eq 'secret';
        $session->bind_transceiver_resp(system_id => 'perl', seq => $pdu->{seq}, status => $known ? 0 : 0x0d);
    }
    elsif ($command == 0x00000004) {
        $number += 1;
        $session->submit_sm_resp(message_id => $number, seq => $pdu->{seq});
        next unless $pdu->{registered_delivery};
        $session->deliver_sm(
            source_addr_ton  => 1,
            source_addr_npi  => 1,
            source_addr      => $pdu->{destination_addr},
            destination_addr => $pdu->{source_addr},
            esm_class        => 4,
            short_message =>
"id:$number sub:001 dlvrd:001 submit date:2601010000 done date:2601010000 stat:DELIVRD err:000 text:",
            async => 1,
        );
    }
    elsif ($command == 0x00000015) { $session->enquire_link_resp(seq => $pdu->{seq}) }
    elsif ($command == 0x00000006) { $session->unbind_resp(seq => $pdu->{seq}); last }
}
